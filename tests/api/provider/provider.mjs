// A real OpenID provider for the tests: the certified one of npm, with accounts for whoever asks.
// It says where it is, reads where the service is, and then serves until its input ends.
import { createServer } from 'node:http';
import { createInterface } from 'node:readline';
import Provider from 'oidc-provider';

const roles = { ada: ['director'], bo: ['Escalations.Analyst'], cy: ['visitor'] };
let handle;
const server = createServer((request, answer) => handle(request, answer));
server.listen(0, '127.0.0.1', () => {
  const issuer = `http://127.0.0.1:${server.address().port}`;
  console.log(`issuer ${issuer}`);
  const lines = createInterface({ input: process.stdin });
  lines.once('line', (line) => {
    const [service, id, secret] = JSON.parse(line);
    const provider = new Provider(issuer, {
      clients: [{
        client_id: id,
        client_secret: secret,
        redirect_uris: [`${service}/auth/callback`],
        post_logout_redirect_uris: [`${service}/auth/signed-out`],
        require_auth_time: true,
      }],
      claims: { openid: ['sub', 'roles'], profile: ['name'], email: ['email'] },
      conformIdTokenClaims: false,
      cookies: { keys: ['of the tests'] },
      pkce: { required: () => true },
      findAccount: (_, sub) => ({
        accountId: sub,
        claims: () => ({ sub, name: `${sub} of the tests`, roles: roles[sub] ?? [] }),
      }),
    });
    handle = provider.callback();
    console.log('ready');
  });
  lines.on('close', () => process.exit(0));
});
