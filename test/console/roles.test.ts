/** What each role of a user may do, for every operation of the API: a new operation is covered by being there. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { USER_ROLES, type UserRole } from '../../src/core/user.ts';
import { type Operation, operationsOf, requestOf } from '../api/operations.ts';
import { Browser } from '../kit/console.ts';
import { TestServer } from '../kit/server.ts';

const server = await TestServer.start();
const merchant = await server.books.merchant({ approvalAboveMinor: { USD: 50_000n } });
const payment = await server.books.payment(merchant, { amountMinor: 900_000n });
const waiting = await server.books.refund(payment, 60_000n);
await server.books.payment(merchant, { amountMinor: 1_000n, currency: 'EUR' });
const settled = await server.books.command(merchant, { kind: 'settle_balance', currency: 'EUR' });
const { id: credentialId } = await server.credential(merchant, { protocol: 'native' });

const about = {
  resources: {
    payments: payment.id,
    refunds: waiting.refund?.id ?? '',
    merchants: merchant,
    settlements: settled.settlement?.id ?? '',
    credentials: credentialId,
  },
  otherwise: '',
  merchantId: merchant,
  paymentId: payment.id,
};

const ASKS: readonly string[] = ['createRefund', 'cancelRefund'];
const DECIDES: readonly string[] = ['approveRefund', 'rejectRefund'];
/** Reads what is not one merchant's. */
const OF_ALL: readonly string[] = ['listMerchants'];
const PREVIEWS: readonly string[] = ['previewRefund', 'previewApproval'];

/** The matrix, said here once more: reading is for everyone, and what is not named here is for administrators. */
function may(role: UserRole, isBound: boolean, { id, method }: Operation): boolean {
  if (OF_ALL.includes(id)) return !isBound;
  if (method === 'GET' || PREVIEWS.includes(id)) return true;
  if (ASKS.includes(id)) return role === 'admin' || role === 'operator';
  if (DECIDES.includes(id)) return role === 'admin' || role === 'approver';
  return role === 'admin';
}

const operations = operationsOf((await new Browser(server).get('/openapi.json')).json);

test('the document has every operation that the matrix names', () => {
  const known = operations.map(({ id }) => id);
  for (const id of [...ASKS, ...DECIDES, ...OF_ALL, ...PREVIEWS]) assert.ok(known.includes(id), id);
  assert.ok(operations.length > 30);
});

const kinds = USER_ROLES.flatMap((role) =>
  (role === 'admin' ? [false] : [false, true]).map((isBound) => ({ role, isBound })),
);

for (const { role, isBound } of kinds) {
  test(`a user of role ${role}${isBound ? ' of one merchant' : ''} may do what is theirs, and nothing else`, async () => {
    const browser = await Browser.of(server, role, { merchantId: isBound ? merchant : null });
    for (const operation of operations) {
      const { method, url, body } = requestOf(operation, about, true);
      const before = await server.entries();
      const answer = await browser.send(method, url, body);
      const what = `${method} ${url}: ${answer.status} ${answer.body.slice(0, 300)}`;
      if (may(role, isBound, operation)) {
        // Whatever the rules then say: the door was open.
        assert.ok(answer.status < 300 || answer.status === 409, what);
      } else {
        assert.deepEqual([answer.status, answer.json.code], [403, 'forbidden'], what);
        assert.match(answer.json.detail, /^this is for .*; yours is of role /);
        assert.equal(await server.entries(), before, what);
      }
    }
  });
}

test('a user of one merchant sees nothing of another', async () => {
  const other = await server.books.merchant();
  for (const role of ['operator', 'approver', 'read'] as const) {
    const browser = await Browser.of(server, role, { merchantId: other });
    assert.equal((await browser.get(`/v1/payments/${payment.id}`)).status, 404);
    assert.equal((await browser.get(`/v1/payments?merchant_id=${merchant}`)).status, 404);
    assert.deepEqual((await browser.get('/v1/payments')).json.data, []);
  }
  const operator = await Browser.of(server, 'operator', { merchantId: other });
  const { status } = await operator.post('/v1/refunds', { payment_id: payment.id, amount: 100 });
  assert.equal(status, 404);
});

// The administrator above has done everything to the first merchant, its policy included.
const shop = await server.books.merchant({ approvalAboveMinor: { USD: 50_000n } });
const sale = await server.books.payment(shop, { amountMinor: 900_000n });

test('the journal names the user, and the console as the door', async () => {
  const operator = await Browser.of(server, 'operator', { name: 'olga@example.com' });
  const { json } = await operator.post('/v1/refunds', { payment_id: sale.id, amount: 100 });
  const [entry] = await server.rows<{ actor: string; protocol: string }>(
    'SELECT actor, protocol FROM journal WHERE refund_id = $1',
    [json.id],
  );
  assert.deepEqual(entry, { actor: 'user:olga@example.com', protocol: 'console' });
});

test('an operator refunds up to the limit; above it, and in other currencies, a second person must approve', async () => {
  const operator = await Browser.of(server, 'operator', { limits: { USD: 10_000n, KWD: 5n } });
  const euros = await server.books.payment(shop, { amountMinor: 10_000n, currency: 'EUR' });
  const ask = (paymentId: string, amount: number, key: string) =>
    operator.post('/v1/refunds', { payment_id: paymentId, amount }, { 'idempotency-key': key });

  const within = await ask(sale.id, 10_000, 'within');
  assert.deepEqual([within.status, within.json.status], [201, 'succeeded'], within.body);
  const above = await ask(sale.id, 10_001, 'above');
  assert.equal(above.json.status, 'pending_approval', above.body);
  const again = await ask(sale.id, 10_001, 'above');
  assert.deepEqual([again.json.id, again.headers.get('idempotent-replayed')], [above.json.id, 'true']);
  const other = await ask(euros.id, 1, 'other');
  assert.equal(other.json.status, 'pending_approval');
  const preview = await operator.post('/v1/refunds/preview', { payment_id: sale.id, amount: 10_001 });
  assert.deepEqual([preview.json.outcome, preview.json.approval_required], ['pending_approval', true]);

  const approver = await Browser.of(server, 'approver');
  const approved = await approver.post(`/v1/refunds/${above.json.id}/approve`, { amount: 10_001 });
  assert.deepEqual([approved.status, approved.json.status], [200, 'succeeded'], approved.body);
  const rejected = await approver.post(`/v1/refunds/${other.json.id}/reject`);
  assert.deepEqual([rejected.status, rejected.json.status], [200, 'canceled'], rejected.body);
});

test('a limit above the policy’s lifts nothing, and an operator without limits is under the policy alone', async () => {
  const generous = await Browser.of(server, 'operator', { limits: { USD: 900_000n } });
  const unlimited = await Browser.of(server, 'operator');
  for (const [amount, status] of [
    [50_000, 'succeeded'],
    [50_001, 'pending_approval'],
  ] as const) {
    for (const operator of [generous, unlimited]) {
      const { json, body } = await operator.post('/v1/refunds', { payment_id: sale.id, amount });
      assert.equal(json.status, status, body);
    }
  }
});

test('the books balance after all of it', async () => {
  assert.deepEqual(await server.findings(), []);
});
