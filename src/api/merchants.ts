/** Merchants, their policy and their balances; and who calls. */
import { type Static, Type } from 'typebox';
import { isCurrency } from '../core/money.ts';
import { OPEN_POLICY, type Policy } from '../core/policy.ts';
import { actingMerchant, callerOf, merchantNotFound, operation, visibleMerchant } from './access.ts';
import { balanceView, callerView, merchantView, policyView } from './account-views.ts';
import { type ApiContext, type ApiScope, serializeExactly } from './api.ts';
import { answer, refusals } from './documented.ts';
import { afterOf, limitOf, pageView } from './lists.ts';
import {
  BalanceResource,
  CallerResource,
  CreateMerchant,
  MerchantResource,
  PolicyInput,
  type PolicyRequest,
  PolicyResource,
} from './merchant-schemas.ts';
import { perform, present, refuseIdempotencyKey } from './perform.ts';
import { InvalidRequest } from './problems.ts';
import { IdParams, NoQuery, PAGE_QUERY, pageOf, ref, strict } from './shapes.ts';
import type { Merchant } from '../core/account.ts';
import { Refused } from '../core/errors.ts';

const TAGS = ['Merchants'];

export function addMerchants(app: ApiScope, { refundry }: ApiContext): void {
  const { accounts } = refundry;

  /** A merchant that the caller may see. Throws `Refused` (`resource_not_found`). */
  const visible = async (request: Parameters<typeof callerOf>[0], id: string): Promise<Merchant> => {
    visibleMerchant(request, id);
    const merchant = await accounts.merchant(id);
    if (merchant === null) throw new Refused(merchantNotFound(id));
    return merchant;
  };

  app.route({
    method: 'GET',
    url: '/me',
    config: operation('read_caller', 'read'),
    schema: {
      operationId: 'readCaller',
      summary: 'Who am I',
      description: 'What the key that you send may do, and for whom.',
      tags: TAGS,
      querystring: NoQuery,
      response: { 200: answer(ref(CallerResource), 'The caller.'), ...refusals() },
    },
    handler: async (request) => callerView(callerOf(request)),
  });

  app.route({
    method: 'POST',
    url: '/merchants',
    config: operation('create_merchant', 'admin'),
    schema: {
      operationId: 'createMerchant',
      summary: 'Create a merchant',
      description:
        'Takes no Idempotency-Key: a merchant that is not there yet has no book to keep it in. Look at the list before you repeat a request whose answer was lost.',
      tags: TAGS,
      querystring: NoQuery,
      body: CreateMerchant,
      response: { 201: answer(ref(MerchantResource), 'The merchant.'), ...refusals('outcome_unknown') },
    },
    handler: async (request, reply) => {
      refuseIdempotencyKey(request);
      const { name, policy } = request.body;
      const action = { kind: 'create_merchant', name, policy: readPolicy(policy ?? {}, 'policy.') } as const;
      const outcome = await perform(refundry, request, reply, refundry.engine.newMerchantId(), action, null);
      reply.code(201);
      return merchantView(present(outcome.merchant));
    },
  });

  app.route({
    method: 'GET',
    url: '/merchants',
    config: operation('list_merchants', 'everything'),
    schema: {
      operationId: 'listMerchants',
      summary: 'List merchants',
      description: 'Oldest first.',
      tags: TAGS,
      querystring: strict(PAGE_QUERY),
      response: { 200: answer(pageOf(MerchantResource), 'A page of merchants.'), ...refusals() },
    },
    handler: async ({ query }) =>
      pageView('merchant', await accounts.merchants(limitOf(query), afterOf('merchant', query)), merchantView),
  });

  app.route({
    method: 'GET',
    url: '/merchants/:id',
    config: operation('read_merchant', 'read'),
    schema: {
      operationId: 'readMerchant',
      summary: 'Read a merchant',
      tags: TAGS,
      params: IdParams,
      querystring: NoQuery,
      response: { 200: answer(ref(MerchantResource), 'The merchant.'), ...refusals('resource_not_found') },
    },
    handler: async (request) => merchantView(await visible(request, request.params.id)),
  });

  app.route({
    method: 'GET',
    url: '/merchants/:id/policy',
    config: operation('read_policy', 'read'),
    schema: {
      operationId: 'readPolicy',
      summary: "Read a merchant's policy",
      tags: TAGS,
      params: IdParams,
      querystring: NoQuery,
      response: { 200: answer(ref(PolicyResource), 'The policy.'), ...refusals('resource_not_found') },
    },
    handler: async (request) => policyView((await visible(request, request.params.id)).policy),
  });

  app.route({
    method: 'PUT',
    url: '/merchants/:id/policy',
    config: operation('set_policy', 'admin'),
    schema: {
      operationId: 'setPolicy',
      summary: "Set a merchant's policy",
      description:
        "**Replaces the whole policy: every field that is left out gets its default, so an empty body lifts every limit, also the need for approval.** To change one field, read the policy, change it, and send all of it. Only for administrators: a merchant's own key must not lift the approval that it needs. Applies to all refunds that are decided from then on, through every protocol, beside what the protocol itself allows; the strictest wins.",
      tags: TAGS,
      params: IdParams,
      querystring: NoQuery,
      body: PolicyInput,
      response: {
        200: answer(ref(PolicyResource), 'The policy.'),
        ...refusals('resource_not_found', 'outcome_unknown'),
      },
    },
    handler: async (request, reply) => {
      const merchantId = await actingMerchant(request, refundry, { merchant_id: request.params.id });
      const action = { kind: 'set_policy', policy: readPolicy(request.body, '') } as const;
      const outcome = await perform(refundry, request, reply, merchantId, action, null);
      return policyView(present(outcome.merchant).policy);
    },
  });

  app.route({
    method: 'GET',
    url: '/merchants/:id/balances',
    config: operation('read_balances', 'read'),
    serializerCompiler: serializeExactly,
    schema: {
      operationId: 'readBalances',
      summary: "Read a merchant's balances",
      description: 'The four accounts of each currency: they sum to zero, always.',
      tags: ['Settlements and balances'],
      params: IdParams,
      querystring: NoQuery,
      response: {
        200: answer(
          Type.Object({ merchant_id: Type.String(), data: Type.Array(ref(BalanceResource)) }),
          'One entry per currency.',
        ),
        ...refusals('resource_not_found'),
      },
    },
    handler: async (request) => {
      const { id } = await visible(request, request.params.id);
      return { merchant_id: id, data: (await accounts.balances(id)).map(balanceView) };
    },
  });
}

/** A policy as it was sent. Throws `InvalidRequest` for currencies that are none. */
function readPolicy(given: PolicyRequest, prefix: string): Policy {
  return {
    partialRefunds: given.partial_refunds ?? OPEN_POLICY.partialRefunds,
    refundsPerPayment: given.refunds_per_payment ?? null,
    windowDays: given.window_days ?? null,
    minimumMinor: readAmounts(given.minimum, `${prefix}minimum`),
    balanceMustCover: given.balance_must_cover ?? OPEN_POLICY.balanceMustCover,
    reasonRequired: given.reason_required ?? OPEN_POLICY.reasonRequired,
    approvalAboveMinor: readAmounts(given.approval_above, `${prefix}approval_above`),
    approvalHours: given.approval_hours ?? null,
  };
}

function readAmounts(given: Static<typeof PolicyInput>['minimum'] = {}, parameter: string): Record<string, bigint> {
  return Object.fromEntries(
    Object.entries(given).map(([currency, amount]) => {
      if (!isCurrency(currency)) {
        throw new InvalidRequest([{ parameter: `${parameter}.${currency}`, problem: 'is not an ISO 4217 code' }]);
      }
      return [currency, BigInt(amount)];
    }),
  );
}
