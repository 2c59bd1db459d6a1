import assert from 'node:assert/strict';
import { test } from 'node:test';
import { OPEN_POLICY } from '../../core/policy.ts';
import { edubrite } from './index.ts';
import { fixture, GROUP, messageIn, read, REFUNDED, SINGLE, Site } from './fixtures/site.ts';

async function demoSite(): Promise<Site> {
  const site = await Site.connected();
  site.invoice(SINGLE);
  site.invoice(GROUP);
  site.invoice(REFUNDED);
  assert.equal((await site.refund(REFUNDED)).code, '0');
  return site;
}

const SUCCESS =
  '<response code="0"><msgs><msg><code>0</code><value><![CDATA[Success]]></value></msg></msgs></response>';

for (const [name, status] of [
  ['refund', 200],
  ['refund-group-purchase', 200],
  ['refund-from-java', 200],
  ['refund-from-php', 200],
  ['refund-by-learner', 401],
  ['refund-unknown-invoice', 404],
  ['refund-already-refunded', 200],
  ['refund-without-id', 200],
] as const) {
  test(`the request ${name}.http gets the answer ${name}.xml`, async () => {
    const site = await demoSite();
    const answer = await site.replay(`${name}.http`);
    assert.deepEqual(read(answer), { status, ...messageIn(fixture(`${name}.xml`)) });
  });
}

test('answers are written without blanks between elements, their text in CDATA', async () => {
  const site = await demoSite();
  assert.equal((await site.replay('refund.http')).body, SUCCESS);
  assert.equal(
    (await site.replay('refund-unknown-invoice.http')).body,
    '<response code="-1"><msgs><msg><code>0004</code><value>' +
      '<![CDATA[Unable to find Invoice with matching Id xxxxxxx-xxxx-xxxx-xxxx-xxxxxxxx.]]></value></msg></msgs></response>',
  );
});

test('a refund returns the whole invoice and makes it REFUNDED', async () => {
  const site = await Site.connected();
  const { id } = site.invoice(SINGLE);
  assert.equal((await site.refund(SINGLE)).code, '0');
  const { refundedMinor, refundCount } = site.talk.payment(id);
  assert.deepEqual({ refundedMinor, refundCount }, { refundedMinor: 4999n, refundCount: 1 });
  assert.deepEqual(await site.refund(SINGLE), {
    status: 200,
    root: '-1',
    code: '0231',
    text: `Not refundable Invoice ${SINGLE}, status = REFUNDED`,
  });
  assert.equal(site.talk.payment(id).refundedMinor, 4999n);
});

test('an amount is an unknown field: the whole invoice is refunded', async () => {
  const site = await Site.connected();
  const { id } = site.invoice(SINGLE);
  assert.equal((await site.post(`dispatch=refund&id=${SINGLE}&amount=10.005&currency=JPY`)).code, '0');
  assert.equal(site.talk.payment(id).refundedMinor, 4999n);
});

test('the protocol allows whole refunds only, whoever asks for less under it', async () => {
  const site = await Site.connected();
  const { id } = site.invoice(SINGLE);
  const amount = { kind: 'minor', minor: 4998n, currency: 'USD' } as const;
  const less = { payment: { id }, amount, reference: null, details: {}, expectedRefundableMinor: null };
  const outcome = site.talk.run({ kind: 'refund_payment', ...less }, { protocolPolicy: edubrite.policy });
  assert.equal(outcome.refusal?.code, 'partial_refund_not_allowed');
});

test('what other protocols left of an invoice is refunded, to the last unit of yen and dinar', async () => {
  const site = await Site.connected();
  for (const [currency, amountMinor, parts] of [
    ['USD', 10_000n, [3_333n, 3_333n, 3_333n]],
    ['JPY', 500n, [499n]],
    ['KWD', 1_005n, [1n, 1_003n]],
  ] as const) {
    const { id } = site.invoice(currency, { amountMinor, currency });
    for (const minor of parts) {
      const amount = { kind: 'minor', minor, currency } as const;
      const refund = { reference: null, details: {}, expectedRefundableMinor: null };
      site.talk.run({ kind: 'refund_payment', payment: { id }, amount, ...refund });
    }
    assert.equal(site.talk.payment(id).refundedMinor, amountMinor - 1n);
    assert.equal((await site.refund(currency)).code, '0');
    assert.equal(site.talk.payment(id).refundedMinor, amountMinor);
    assert.match((await site.refund(currency)).text, /status = REFUNDED$/);
  }
});

test("another merchant's invoice is as unknown as one that never was, and ids are compared as given", async () => {
  const site = await Site.connected();
  const merchantId = '01900000-0000-7000-8000-00000000beef';
  site.talk.run({ kind: 'create_merchant', name: 'Other', policy: OPEN_POLICY }, { merchantId });
  const other = site.talk.run(
    {
      kind: 'register_payment',
      amountMinor: 100n,
      currency: 'USD',
      status: 'captured',
      references: [{ namespace: 'edubrite.id', value: GROUP, numbered: false }],
      details: {},
      entitlements: [],
      couponCode: null,
      createdAt: null,
      capturedAt: null,
      ifSame: 'refuse',
    },
    { merchantId },
  );
  assert.equal(other.refusal, null);
  site.invoice(SINGLE);
  const before = site.talk.entries;
  for (const id of [GROUP, SINGLE.toUpperCase(), `${SINGLE} `, ` ${SINGLE}`, '0']) {
    const text = `Unable to find Invoice with matching Id ${id}.`;
    assert.deepEqual(await site.refund(id), { status: 404, root: '-1', code: '0004', text });
  }
  assert.equal(site.talk.entries, before);
});

test('an invoice that is not refundable says where it stands', async () => {
  const site = await Site.connected();
  const pending = site.invoice('pending', { status: 'pending' });
  site.invoice('closed', { status: 'pending' });
  for (const [id, kind] of [
    ['closed', 'close_payment'],
    ['voided', 'void_payment'],
    ['disputed', 'set_dispute'],
  ] as const) {
    if (id !== 'closed') site.invoice(id);
    const payment = { references: [{ namespace: 'edubrite.id', value: id }] };
    assert.equal(site.talk.run({ kind, payment }).refusal, null);
  }
  for (const [id, status] of [
    ['pending', 'Temporary'],
    ['closed', 'Closed'],
    ['voided', 'Voided'],
    ['disputed', 'Disputed'],
  ] as const) {
    const text = `Not refundable Invoice ${id}, status = ${status}`;
    assert.deepEqual(await site.refund(id), { status: 200, root: '-1', code: '0231', text });
  }
  site.talk.run({ kind: 'capture_payment', payment: { id: pending.id } });
  assert.equal((await site.refund('pending')).code, '0');
});

test('a refund that waits for approval is neither success nor refusal, and its invoice is not refundable meanwhile', async () => {
  const site = await Site.connected({ policy: { ...OPEN_POLICY, approvalAboveMinor: { USD: 4998n } } });
  const { id } = site.invoice(SINGLE);
  assert.deepEqual(await site.refund(SINGLE, { 'idempotency-key': 'a' }), {
    status: 202,
    root: '-1',
    code: '0026',
    text: `The refund of Invoice ${SINGLE} waits for approval: nothing is refunded yet.`,
  });
  assert.match((await site.refund(SINGLE)).text, /status = Refund pending$/);
  const { refund } = site.outcome('a', SINGLE);
  const approval = { kind: 'approve_refund', refundId: refund?.id ?? '', amountMinor: 4999n } as const;
  assert.equal(site.talk.run(approval).refusal, null);
  assert.equal(site.talk.payment(id).refundedMinor, 4999n);
  assert.match((await site.refund(SINGLE)).text, /status = REFUNDED$/);
  assert.equal((await site.refund(SINGLE, { 'idempotency-key': 'a' })).status, 202);
});

test("the merchant's own policy holds, and the answer gives its reason", async () => {
  const policy = { ...OPEN_POLICY, windowDays: 30, balanceMustCover: true };
  const site = await Site.connected({ policy });
  const longAgo = Date.now() - 31 * 86_400_000;
  site.invoice('old', { createdAt: longAgo, capturedAt: longAgo });
  site.invoice('uncovered');
  site.talk.run({ kind: 'settle_balance', currency: 'USD' });
  const old = await site.refund('old');
  assert.deepEqual([old.status, old.code], [200, '0026']);
  assert.match(old.text, /^refunds are allowed for 30 days after capture/);
  assert.match(
    (await site.refund('uncovered')).text,
    /^asked 49\.99 USD, the merchant's unsettled balance is 0\.00 USD/,
  );
});

test('the same idempotency key gets the same answer and refunds once; another request under it is refused', async () => {
  const site = await Site.connected();
  const { id } = site.invoice(SINGLE);
  site.invoice(GROUP);
  const first = await site.refund(SINGLE, { 'idempotency-key': '"k 1"' });
  const entries = site.talk.entries;
  assert.deepEqual(await site.refund(SINGLE, { 'idempotency-key': '"k 1"' }), first);
  assert.equal(first.code, '0');
  assert.equal(site.talk.entries, entries);
  assert.equal(site.talk.payment(id).refundCount, 1);
  assert.deepEqual(await site.refund(GROUP, { 'idempotency-key': '"k 1"' }), {
    status: 200,
    root: '-1',
    code: '0026',
    text: 'this idempotency key was used with another request; use a new key',
  });
  const refused = await site.refund(SINGLE, { 'idempotency-key': 'k2' });
  assert.equal(refused.code, '0231');
  assert.deepEqual(await site.refund(SINGLE, { 'idempotency-key': 'k2' }), refused);
});

test('other dispatches are unsupported', async () => {
  const site = await Site.connected();
  for (const dispatch of ['purchase', 'Refund', 'refund ', '__proto__']) {
    const { status, code } = await site.post(new URLSearchParams({ dispatch, id: SINGLE }).toString());
    assert.deepEqual({ status, code }, { status: 404, code: '0210' });
  }
});

test('the journal names the administrator, and neither email nor full name', async () => {
  const site = await Site.connected();
  site.invoice(SINGLE);
  const headers = { real_uname: 'mdavis|m.davis@example.com|Mary Davis', 'idempotency-key': 'k' };
  assert.equal((await site.refund(SINGLE, headers)).code, '0');
  assert.equal(site.outcome('k', SINGLE).entry?.actor, 'key:01900000-0000-7000-8000-00000000c0de/mdavis');
});
