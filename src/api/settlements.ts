/** Settlements: paying out a merchant's unsettled balance. */

import { invalidParameter, Refused } from '../core/errors.ts';
import { isCurrency } from '../core/money.ts';
import { actingMerchant, operation, resourceNotFound, visibleMerchant } from './access.ts';
import { CreateSettlement, ListSettlements, SettlementResource } from './account-schemas.ts';
import { settlementView } from './account-views.ts';
import { type ApiContext, type ApiScope, serializeExactly } from './api.ts';
import { answer, refusals, WRITING } from './documented.ts';
import { afterOf, limitOf, pageView } from './lists.ts';
import { perform, present } from './perform.ts';
import { IdempotencyHeader, IdParams, NoQuery, pageOf, ref } from './shapes.ts';

const TAGS = ['Settlements and balances'];

export function addSettlements(app: ApiScope, { refundry }: ApiContext): void {
  app.route({
    method: 'POST',
    url: '/settlements',
    config: operation('settle_balance', 'write'),
    serializerCompiler: serializeExactly,
    schema: {
      operationId: 'createSettlement',
      summary: "Settle a merchant's balance",
      description:
        'Pays out the whole positive unsettled balance of one currency. Payments captured before it are settled: they can still be refunded, and no longer be voided.',
      tags: TAGS,
      querystring: NoQuery,
      headers: IdempotencyHeader,
      body: CreateSettlement,
      response: {
        201: answer(ref(SettlementResource), 'The settlement.'),
        ...refusals('resource_not_found', 'nothing_to_settle', ...WRITING),
      },
    },
    handler: async (request, reply) => {
      const { currency } = request.body;
      if (!isCurrency(currency)) throw new Refused(invalidParameter('currency', `${currency} is not an ISO 4217 code`));
      const merchantId = await actingMerchant(request, refundry, { merchant_id: request.body.merchant_id });
      const outcome = await perform(refundry, request, reply, merchantId, { kind: 'settle_balance', currency });
      reply.code(201);
      return settlementView(present(outcome.settlement));
    },
  });

  app.route({
    method: 'GET',
    url: '/settlements',
    config: operation('list_settlements', 'read'),
    serializerCompiler: serializeExactly,
    schema: {
      operationId: 'listSettlements',
      summary: "List a merchant's settlements",
      description: 'Newest first. Keys that are bound to no merchant must name one.',
      tags: TAGS,
      querystring: ListSettlements,
      response: {
        200: answer(pageOf(SettlementResource), 'A page of settlements.'),
        ...refusals('resource_not_found'),
      },
    },
    handler: async (request) => {
      const { query } = request;
      const merchantId = await actingMerchant(request, refundry, { merchant_id: query.merchant_id });
      const page = await refundry.accounts.settlements(merchantId, limitOf(query), afterOf('settlement', query));
      return pageView('settlement', page, settlementView);
    },
  });

  app.route({
    method: 'GET',
    url: '/settlements/:id',
    config: operation('read_settlement', 'read'),
    serializerCompiler: serializeExactly,
    schema: {
      operationId: 'readSettlement',
      summary: 'Read a settlement',
      tags: TAGS,
      params: IdParams,
      querystring: NoQuery,
      response: { 200: answer(ref(SettlementResource), 'The settlement.'), ...refusals('resource_not_found') },
    },
    handler: async (request) => {
      const { id } = request.params;
      const settlement = await refundry.accounts.settlement(id);
      const merchantId = visibleMerchant(request, undefined);
      if (settlement === null || (merchantId !== null && settlement.merchantId !== merchantId)) {
        throw resourceNotFound('settlement', id);
      }
      return settlementView(settlement);
    },
  });
}
