// Raises, reads, acknowledges and lists an escalation, and reads a refusal, with types made from the contract.
import assert from 'node:assert/strict';
import createClient from 'openapi-fetch';
import type { components, paths } from './tracker.js';

const client = (token: string) => createClient<paths>({
  baseUrl: process.env['URL'] ?? '',
  headers: { Authorization: `Bearer ${process.env[token]}` },
});
const police = client('POLICE');
const services = client('SERVICES');

const record: components['schemas']['RaiseEscalation'] = {
  raised_with_agency: 'anyborough_cs',
  theme: 'strategy_meeting_late',
  urgency: 'urgent',
  desired_outcome: 'Hold a quorate strategy meeting today.',
  child_references: [{ scheme: 'la_child_id', value: 'SYN100234' }],
};
const send = (external_reference: string, body: typeof record) =>
  police.PUT('/v1/sources/{source}/escalations/{external_reference}', {
    params: { path: { source: 'niche', external_reference } }, body,
  });

const sent = await send('TS-2026-1', record);
assert.equal(sent.response.status, 201);
assert(sent.data && 'id' in sent.data);
const id = sent.data.id;
const again = await send('TS-2026-1', record);
assert(again.data && 'result' in again.data);
assert.equal(again.data.result, 'unchanged');

const read = await services.GET('/v1/escalations/{id}', { params: { path: { id } } });
assert.equal(read.data?.external_reference, 'TS-2026-1');
const held = await services.POST('/v1/escalations/{id}/acknowledgement', {
  params: { path: { id } }, body: { held_by_role: 'duty team manager' },
});
assert.equal(held.data?.status, 'acknowledged');
// Of the formats of a list the client is told which one it reads.
const listed = await police.GET("/v1/escalations", { params: { query: { status: "acknowledged", limit: 200 } } });
const page = listed.data as components["schemas"]["EscalationPage"] | undefined;
assert(page?.items.some((it) => it.id === id));

const refused = await send('TS-2026-2', { ...record, theme: 'no_such_theme' });
assert.equal(refused.response.status, 422);
assert.equal(refused.error?.code, 'validation-failed');
assert.deepEqual(refused.error?.errors?.map((it) => it.pointer), ['#/theme']);
console.log('TypeScript: raised, sent again, read, acknowledged, listed, refused');
