/** A body that names a field twice means two things: no money moves on it, whichever parser reads the first or the last. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseJson } from '../../src/core/json.ts';
import { payengine } from '../../src/dialects/payengine/index.ts';
import { bbmsl } from '../../src/dialects/bbmsl/index.ts';
import { DialectTalk } from '../kit/dialect.ts';

test('payengine refuses an amount that is given twice', async () => {
  const talk = new DialectTalk(payengine, { credential: { secrets: ['key'] } });
  talk.register({
    amountMinor: 1_000n,
    currency: 'USD',
    references: [{ namespace: 'payengine.id', value: 'p', numbered: false }],
  });
  const before = talk.entries;
  const answer = await talk.send({
    path: '/api/payment/refund',
    headers: { authorization: 'Basic key' },
    body: '{"id":"p","amount":1,"amount":2,"reason":"r"}',
  });
  assert.equal(answer.status, 400);
  assert.ok(parseJson(answer.body));
  assert.equal(talk.entries, before);
});

test('bbmsl refuses repeated fields, in the envelope and in the request', async () => {
  const talk = new DialectTalk(bbmsl, { credential: { lookup: '3' } });
  for (const body of [
    JSON.stringify({ request: '{"merchantId":3,"orderId":1,"amount":1,"amount":2}', signature: 'AAAA' }),
    '{"request":"{}","request":"{\\"merchantId\\":3,\\"orderId\\":1,\\"amount\\":1}","signature":"AAAA"}',
  ]) {
    const answer = await talk.send({ path: '/hosted-checkout/refund', body });
    assert.equal(answer.status, 400, body);
    assert.match(answer.body, /repeats a key/);
  }
});
