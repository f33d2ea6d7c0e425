// Looks at the pages of a running demonstration as its people do: `node look.mjs URL WEEK CHROMIUM`.
// Pictures of everything are left in the folder `pictures`. The last line that it writes is its report.
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { gzipSync } from 'node:zlib';
import puppeteer from 'puppeteer-core';

const [base, week, chromium] = process.argv.slice(2);
const SCREENS = [[1920, 1080], [1366, 768], [390, 844], [320, 640]];
const RULES = ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice'];
const MOST_BYTES = 60_000;
const axe = readFileSync(new URL('node_modules/axe-core/axe.min.js', import.meta.url), 'utf8');
mkdirSync('pictures', { recursive: true });

const faults = [];
let looks = 0;
const fault = (what) => { faults.push(what); console.log('FAULT', what); };

// Chromium refuses its sandbox to root, which is who runs tests in a container.
const args = process.getuid?.() === 0 ? ['--no-sandbox'] : [];
const browser = await puppeteer.launch({ executablePath: chromium, args, headless: true });
const page = await browser.newPage();
// A busy machine is slow, and that is no fault of the pages.
page.setDefaultTimeout(120_000);
// The pages allow no script, and axe is one. What the pages themselves ask for is still watched below.
await page.setBypassCSP(true);
page.on('console', (message) => {
  // The browser itself says that a page was refused.
  if (refusal === 0) fault(`${page.url()} console: ${message.text()}`);
});
page.on('pageerror', (error) => fault(`${page.url()} error: ${error.message}`));
page.on('request', (request) => {
  if (!request.url().startsWith(base) && !request.url().startsWith('data:')) fault(`asked outside: ${request.url()}`);
});
/** The only refusal that the next step asks for, as its status. */
let refusal = 0;
page.on('response', (response) => {
  if (response.status() >= 400 && response.status() !== refusal) fault(`${response.status()} ${response.url()}`);
});

const go = async (path) => { await page.goto(base + path, { waitUntil: 'load' }); };

/** What is wrong with the page that is shown, at each size and with the colours of the reader's own. */
async function look(name) {
  for (const [width, height] of SCREENS) {
    await page.setViewport({ width, height });
    await page.screenshot({ path: `pictures/${name}-${width}.png`, fullPage: true });
    const wide = await page.evaluate(() => document.documentElement.scrollWidth);
    if (wide > width) fault(`${name} at ${width}: ${wide} wide`);
    await page.evaluate(axe);
    const found = await page.evaluate(async (runOnly) => {
      const result = await axe.run(document, { runOnly });
      return result.violations.map((it) => `${it.id}: ${it.nodes.map((node) => node.html.slice(0, 120)).slice(0, 3).join(' | ')}`);
    }, RULES);
    for (const it of found) fault(`${name} at ${width}: ${it}`);
    looks += 1;
  }
  await page.setViewport({ width: 1920, height: 1080 });
}

/** Presses Tab until what has the focus fits, as somebody without a mouse does. */
async function tabTo(what, fits) {
  for (let pressed = 0; pressed < 600; pressed += 1) {
    await page.keyboard.press('Tab');
    const at = await page.evaluate(() => {
      const it = document.activeElement;
      const style = getComputedStyle(it);
      return {
        tag: it.tagName, name: it.name ?? '', type: it.type ?? '', id: it.id, text: it.textContent.trim(),
        seen: style.outlineStyle !== 'none' && parseFloat(style.outlineWidth) > 0,
      };
    });
    if (at.tag !== 'BODY' && !at.seen) fault(`the focus is not seen on ${at.tag} ${at.name} ${at.text.slice(0, 40)} of ${page.url()}`);
    if (fits(at)) return at;
  }
  throw new Error(`the keyboard does not reach ${what}`);
}

const enter = () => Promise.all([page.waitForNavigation({ waitUntil: 'load' }), page.keyboard.press('Enter')]);

// Signs in. Whoever asks for the review comes to the choice of who they are, and then to the review.
await page.setViewport({ width: 1920, height: 1080 });
await go(`/review/${week}`);
await look('sign-in');
await tabTo('the Director', (at) => at.tag === 'BUTTON' && /Director/.test(at.text));
await enter();
await page.waitForFunction((path) => location.pathname === path, {}, `/review/${week}`);
await page.waitForSelector('.tiles');

await look('review');
const [html, css] = await page.evaluate(async () => {
  const sheet = document.querySelector('link[rel=stylesheet]').href;
  return [await (await fetch(location.href)).text(), await (await fetch(sheet)).text()];
});
const bytes = gzipSync(html).length + gzipSync(css).length;
if (bytes > MOST_BYTES) fault(`the review is ${bytes} bytes`);
const scripts = await page.evaluate(() => document.querySelectorAll('script').length);
if (/<script/i.test(html)) fault(`the review has ${scripts} scripts`);

const pdf = await page.pdf({ path: 'pictures/review.pdf', preferCSSPageSize: true, printBackground: true });
const sides = Buffer.from(pdf).toString('latin1').match(/\/Type\s*\/Page[^s]/g)?.length ?? 0;

// Colours of the reader's own choice, and no movement.
await page.emulateMediaFeatures([{ name: 'prefers-reduced-motion', value: 'reduce' }]);
const devtools = await page.createCDPSession();
await devtools.send('Emulation.setEmulatedMedia', { features: [{ name: 'forced-colors', value: 'active' }] });
await look('review-forced-colours');
await devtools.send('Emulation.setEmulatedMedia', { features: [] });

// Every link of the review leads somewhere.
const links = await page.evaluate(() =>
  [...new Set([...document.querySelectorAll('a[href^="/"]')].map((it) => it.getAttribute('href')))]);
for (const link of links) {
  const status = await page.evaluate(async (path) => (await fetch(path)).status, link);
  if (status !== 200) fault(`${link} answers ${status}`);
}
if (links.length < 60) fault(`the review has ${links.length} links only`);

// The reference for developers, and Swagger UI under its own policy, which axe does not look at: its page is not ours.
const others = {
  docs: '/docs/', 'docs-operation': '/docs/operations/send_escalation', 'docs-conventions': '/docs/conventions',
  overdue: '/escalations?overdue=true', how: '/how-it-works', accessibility: '/accessibility', account: '/account',
  actions: '/actions', 'new-action': `/review/${week}/actions`, changes: '/review/changes', 'board-copy': `/review/${week}/board-copy`,
};
for (const [name, path] of Object.entries(others)) {
  await go(path);
  await look(name);
}
await go('/escalations');
const one = await page.evaluate(() => document.querySelector('table.list tbody a').getAttribute('href'));
await go(one);
await look('one-escalation');
await go('/actions');
const action = await page.evaluate(() => document.querySelector('table.list tbody a[href^="/actions/"]').getAttribute('href'));
await go(action);
await look('action-progress');
refusal = 404;
await go('/review/2026-W54');
await look('not-found');
refusal = 0;

// Signs the week off.
await go(`/review/${week}`);
await tabTo('the sign-off', (at) => at.tag === 'A' && /sign off/i.test(at.text));
await enter();
await look('sign-off');
const answers = await page.evaluate(() => document.querySelectorAll('select[name=disposition]').length);
if (answers === 0) fault('the week of the demonstration has nothing to notice');
for (;;) {
  const at = await tabTo('the button that signs', (it) =>
    ['SELECT', 'INPUT', 'TEXTAREA'].includes(it.tag) || (it.tag === 'BUTTON' && /^Sign off/.test(it.text)));
  if (at.tag === 'SELECT' && at.name === 'disposition') {
    await page.keyboard.press('ArrowDown');
    await page.keyboard.press('ArrowDown');
  } else if (at.name === 'decisions') {
    await page.keyboard.type('Health joins the duty rota');
  } else if (at.tag === 'INPUT' && (at.name === 'reason' || at.name.startsWith('why-'))) {
    await page.keyboard.type('Asked in the meeting');
  } else if (at.type === 'checkbox') {
    await page.keyboard.press('Space');
  } else if (at.tag === 'BUTTON') {
    break;
  }
}
await enter();
await page.waitForFunction((path) => location.pathname === path, {}, `/review/${week}`);
await page.waitForSelector('.signed');
await look('signed');

// An agency without a system of its own raises, is told what to mend, and says that it had nothing to raise.
await tabTo('the way out', (at) => at.tag === 'BUTTON' && /Sign out/.test(at.text));
await enter();
await go('/raise');
await tabTo('an agency', (at) => at.tag === 'BUTTON' && /General Hospital/.test(at.text));
await enter();
await page.waitForFunction(() => location.pathname === '/raise');
await look('raise');
refusal = 422;
await tabTo('the button that raises', (at) => at.tag === 'BUTTON' && at.type === 'submit' && !/Sign out/.test(at.text));
await enter();
await page.waitForSelector('[role=alert]');
await look('raise-refused');
refusal = 0;
await go('/nil-return');
await look('nil-return');

const tried = await browser.newPage();
tried.setDefaultTimeout(120_000);
tried.on('console', (message) => { if (message.type() === 'error') fault(`Swagger UI: ${message.text()}`); });
tried.on('pageerror', (error) => fault(`Swagger UI: ${error.message}`));
tried.on('request', (request) => {
  if (!request.url().startsWith(base) && !request.url().startsWith('data:')) fault(`asked outside: ${request.url()}`);
});
await tried.goto(`${base}/docs/try/`, { waitUntil: 'load' });
await tried.waitForSelector('.opblock');
await tried.screenshot({ path: 'pictures/docs-try.png' });

await browser.close();
const report = { looks, links: links.length, bytes, sides_of_paper: sides, answers, faults };
writeFileSync('pictures/report.json', JSON.stringify(report, null, 2));
console.log(JSON.stringify(report));
