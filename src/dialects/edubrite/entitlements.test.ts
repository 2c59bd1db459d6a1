import assert from 'node:assert/strict';
import { test } from 'node:test';
import { OPEN_POLICY } from '../../core/policy.ts';
import type { RequestedEntitlement } from '../../core/command.ts';
import { GROUP, SINGLE, Site } from './fixtures/site.ts';

const COURSE = 'cs-2026-spring-101';
const PROGRAM = 'ps-2026-leadership';

function enrolment(learner: string, target: string, viaCoupon = false): RequestedEntitlement {
  return { learner, kind: target === PROGRAM ? 'program' : 'course_session', target, viaCoupon };
}

/** Registers an invoice with enrolments; gives the ids of its enrolments by learner, and of its coupon. */
function purchase(
  site: Site,
  id: string,
  entitlements: readonly RequestedEntitlement[],
  couponCode: string | null = null,
): { enrolled: Readonly<Record<string, string>>; coupons: readonly string[] } {
  const outcome = site.talk.run({
    kind: 'register_payment',
    amountMinor: 30_000n,
    currency: 'USD',
    status: 'captured',
    references: [{ namespace: 'edubrite.id', value: id, numbered: false }],
    details: {},
    entitlements,
    couponCode,
    createdAt: null,
    capturedAt: null,
    ifSame: 'refuse',
  });
  assert.equal(outcome.refusal, null);
  return {
    enrolled: Object.fromEntries(outcome.entitlements.map((entitlement) => [entitlement.learner, entitlement.id])),
    coupons: outcome.coupons.map((coupon) => coupon.id),
  };
}

async function refundFacts(site: Site, id: string): Promise<unknown> {
  assert.equal((await site.refund(id, { 'idempotency-key': `refund-${id}` })).code, '0');
  return site.outcome(`refund-${id}`, id).entry?.facts;
}

test("refunding a single purchase undoes its learner's enrolment", async () => {
  for (const target of [COURSE, PROGRAM]) {
    const site = await Site.connected();
    const { enrolled } = purchase(site, SINGLE, [enrolment('jdoe', target)]);
    assert.deepEqual(await refundFacts(site, SINGLE), {
      entitlements_revoked: [enrolled['jdoe']],
      entitlements_kept: [],
      coupons_refunded: [],
    });
  }
});

test('refunding a group purchase refunds its coupon and removes every learner enrolled with it', async () => {
  const site = await Site.connected();
  const learners = ['asmith', 'bjones', 'cwhite'];
  const group = purchase(
    site,
    GROUP,
    learners.map((learner) => enrolment(learner, PROGRAM, true)),
    'GROUP-3',
  );
  purchase(site, 'other-group', [enrolment('dgreen', PROGRAM, true)], 'GROUP-1');
  purchase(site, SINGLE, [enrolment('jdoe', PROGRAM)]);
  assert.deepEqual(await refundFacts(site, GROUP), {
    entitlements_revoked: learners.map((learner) => group.enrolled[learner]),
    entitlements_kept: [],
    coupons_refunded: group.coupons,
  });
  assert.equal(group.coupons.length, 1);
});

test('a coupon that nobody used yet is refunded all the same', async () => {
  const site = await Site.connected();
  const { coupons } = purchase(site, GROUP, [], 'GROUP-0');
  assert.deepEqual(await refundFacts(site, GROUP), {
    entitlements_revoked: [],
    entitlements_kept: [],
    coupons_refunded: coupons,
  });
});

test('a learner who enrolled with the coupon after the purchase is removed too', async () => {
  const site = await Site.connected();
  const { coupons } = purchase(site, GROUP, [], 'GROUP-1');
  const payment = { references: [{ namespace: 'edubrite.id', value: GROUP }] };
  const granted = site.talk.run({ kind: 'grant_entitlement', payment, entitlement: enrolment('late', COURSE, true) });
  assert.deepEqual(await refundFacts(site, GROUP), {
    entitlements_revoked: granted.entitlements.map(({ id }) => id),
    entitlements_kept: [],
    coupons_refunded: coupons,
  });
  assert.equal(granted.entitlements.length, 1);
});

test('a learner who holds the same enrolment through another purchase keeps it until that is refunded too', async () => {
  const site = await Site.connected();
  const group = purchase(
    site,
    GROUP,
    [enrolment('jdoe', PROGRAM, true), enrolment('asmith', PROGRAM, true)],
    'GROUP-2',
  );
  const single = purchase(site, SINGLE, [enrolment('jdoe', PROGRAM)]);
  assert.deepEqual(await refundFacts(site, GROUP), {
    entitlements_revoked: [group.enrolled['asmith']],
    entitlements_kept: [group.enrolled['jdoe']],
    coupons_refunded: group.coupons,
  });
  assert.deepEqual(await refundFacts(site, SINGLE), {
    entitlements_revoked: [single.enrolled['jdoe']],
    entitlements_kept: [],
    coupons_refunded: [],
  });
});

test('what keeps an enrolment is the same learner, kind and target of a captured purchase, not less', async () => {
  const site = await Site.connected();
  const { enrolled } = purchase(site, SINGLE, [enrolment('jdoe', COURSE)]);
  purchase(site, 'other-target', [enrolment('jdoe', PROGRAM)]);
  purchase(site, 'other-kind', [{ learner: 'jdoe', kind: 'program', target: COURSE, viaCoupon: false }]);
  purchase(site, 'other-learner', [enrolment('jdoe2', COURSE)]);
  purchase(site, 'voided', [enrolment('jdoe', COURSE)]);
  site.talk.run({
    kind: 'void_payment',
    payment: { references: [{ namespace: 'edubrite.id', value: 'voided' }] },
  });
  site.invoice('pending', { status: 'pending', entitlements: [enrolment('jdoe', COURSE)] });
  assert.deepEqual(await refundFacts(site, SINGLE), {
    entitlements_revoked: [enrolled['jdoe']],
    entitlements_kept: [],
    coupons_refunded: [],
  });
});

test('enrolments stay while a refund waits for approval, and go with the approval', async () => {
  const site = await Site.connected({ policy: { ...OPEN_POLICY, approvalAboveMinor: { USD: 1n } } });
  const group = purchase(site, GROUP, [enrolment('asmith', COURSE, true)], 'GROUP-1');
  assert.equal((await site.refund(GROUP, { 'idempotency-key': 'k' })).status, 202);
  const { entry, refund } = site.outcome('k', GROUP);
  assert.equal(entry?.facts, null);
  const approved = site.talk.run({ kind: 'approve_refund', refundId: refund?.id ?? '', amountMinor: null });
  assert.deepEqual(approved.entry?.facts, {
    entitlements_revoked: [group.enrolled['asmith']],
    entitlements_kept: [],
    coupons_refunded: group.coupons,
  });
});

test('a refused refund undoes nothing', async () => {
  const site = await Site.connected();
  purchase(site, GROUP, [enrolment('asmith', COURSE, true)], 'GROUP-1');
  const payment = { references: [{ namespace: 'edubrite.id', value: GROUP }] };
  site.talk.run({ kind: 'set_dispute', payment });
  assert.equal((await site.refund(GROUP, { 'idempotency-key': 'k' })).code, '0231');
  const facts = site.outcome('k', GROUP).entry?.facts;
  assert.equal(
    Object.keys(facts as object).some((name) => /entitlement|coupon/.test(name)),
    false,
  );
});
