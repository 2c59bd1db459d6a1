/** Payments: registering and finding them. What is done to one is in `payment-actions.ts`. */
import type { FastifyRequest } from 'fastify';
import type { RegisterPayment } from '../core/command.ts';
import { Refused } from '../core/errors.ts';
import type { PaymentDetails, PaymentMethod } from '../core/payment.ts';
import { paymentNotFound } from '../core/select.ts';
import { readReferences } from '../dialects/references.ts';
import { actingMerchant, operation, visibleMerchant } from './access.ts';
import type { ApiContext, ApiScope } from './api.ts';
import { findCardNumber } from './card-numbers.ts';
import { answer, refusals, WRITING } from './documented.ts';
import { toCoreNames } from './field-names.ts';
import { listFilter, pageView, readTime } from './lists.ts';
import {
  CreatePayment,
  type EntitlementRequest,
  ListPayments,
  type PaymentRequest,
  PaymentResource,
} from './payment-schemas.ts';
import { paymentView } from './payment-views.ts';
import { perform, present } from './perform.ts';
import { InvalidRequest } from './problems.ts';
import { IdempotencyHeader, IdParams, NoQuery, pageOf, ref } from './shapes.ts';

const TAGS = ['Payments'];

export function addPayments(app: ApiScope, { refundry, settled }: ApiContext): void {
  app.route({
    method: 'POST',
    url: '/payments',
    config: operation('create_payment', 'write'),
    schema: {
      operationId: 'createPayment',
      summary: 'Register a payment',
      description:
        'Puts an original payment into the books, captured or pending, so that it can be refunded: through this API, and through each partner’s protocol in whose namespace it has a reference.',
      tags: TAGS,
      querystring: NoQuery,
      headers: IdempotencyHeader,
      body: CreatePayment,
      response: {
        201: answer(ref(PaymentResource), 'The payment.'),
        ...refusals('duplicate_reference', 'resource_not_found', ...WRITING),
      },
    },
    handler: async (request, reply) => {
      const action = readPayment(request.body);
      const merchantId = await actingMerchant(request, refundry, { merchant_id: request.body.merchant_id });
      const outcome = await perform(refundry, request, reply, merchantId, action);
      reply.code(201);
      return paymentView(present(outcome.payment), false);
    },
  });

  app.route({
    method: 'GET',
    url: '/payments',
    config: operation('list_payments', 'read'),
    schema: {
      operationId: 'listPayments',
      summary: 'List payments',
      description: 'Last registered first.',
      tags: TAGS,
      querystring: ListPayments,
      response: { 200: answer(pageOf(PaymentResource), 'A page of payments.'), ...refusals('resource_not_found') },
    },
    handler: async (request) => {
      const { query } = request;
      const page = await refundry.reader.payments({
        ...listFilter('payment', query, visibleMerchant(request, query.merchant_id)),
        status: query.status ?? null,
        disputed: query.disputed === undefined ? null : query.disputed === 'true',
      });
      const settledIds = await settled.now(page.items);
      return pageView('payment', page, (payment) => paymentView(payment, settledIds.has(payment.id)));
    },
  });

  app.route({
    method: 'GET',
    url: '/payments/:id',
    config: operation('read_payment', 'read'),
    schema: {
      operationId: 'readPayment',
      summary: 'Read a payment',
      description: 'With what was captured, refunded and reserved, and what is refundable.',
      tags: TAGS,
      params: IdParams,
      querystring: NoQuery,
      response: { 200: answer(ref(PaymentResource), 'The payment.'), ...refusals('payment_not_found') },
    },
    handler: async (request) => {
      const found = await visiblePayment({ refundry }, request, request.params.id);
      return paymentView(found.payment, found.settled);
    },
  });
}

/** A payment that the caller may see. Throws `Refused` (`payment_not_found`). */
export async function visiblePayment({ refundry }: Pick<ApiContext, 'refundry'>, request: FastifyRequest, id: string) {
  const found = await refundry.reader.payment(id, visibleMerchant(request, undefined));
  if (found === null) throw new Refused(paymentNotFound({ id }));
  return found;
}

/** Throws `InvalidRequest` for times that are none and for card numbers, `Refused` for references of no namespace. */
function readPayment(given: PaymentRequest): RegisterPayment {
  return {
    kind: 'register_payment',
    amountMinor: BigInt(given.amount),
    currency: given.currency,
    status: given.status ?? 'captured',
    references: readReferences(given.references ?? {}),
    details: readDetails(given),
    entitlements: (given.entitlements ?? []).map(readEntitlement),
    couponCode: given.coupon_code ?? null,
    createdAt: readTime('created_at', given.created_at),
    capturedAt: readTime('captured_at', given.captured_at),
    ifSame: 'refuse',
  };
}

export function readEntitlement({ learner, kind, target, via_coupon }: EntitlementRequest) {
  return { learner, kind, target, viaCoupon: via_coupon ?? false };
}

function readDetails(given: PaymentRequest): PaymentDetails {
  const { method, customer, description, metadata } = given;
  refuseCardNumbers({ method, customer: { name: customer?.name }, description, metadata });
  return {
    ...(method === undefined ? {} : { method: toCoreNames(method) as unknown as PaymentMethod }),
    ...(customer === undefined ? {} : { customer }),
    ...(given.device === undefined ? {} : { device: toCoreNames(given.device) }),
    ...(given.order_number === undefined ? {} : { orderNumber: given.order_number }),
    ...(given.internal_transaction_id === undefined ? {} : { internalTransactionId: given.internal_transaction_id }),
    ...(given.merchant_transaction_reference === undefined
      ? {}
      : { merchantTransactionReference: given.merchant_transaction_reference }),
    ...(description === undefined ? {} : { description }),
    ...(metadata === undefined ? {} : { metadata }),
  };
}

/** Throws `InvalidRequest` naming the first field with a full card number in it. */
export function refuseCardNumbers(fields: Readonly<Record<string, unknown>>): void {
  const parameter = findCardNumber(fields, '');
  if (parameter === null) return;
  throw new InvalidRequest([
    { parameter, problem: 'holds a full card number, which is never stored: send the last four digits' },
  ]);
}
