/** What is done to a payment: capture, close, void, disputes; and what it entitles to. */
import type { FastifyReply, FastifyRequest } from 'fastify';
import type { ErrorCode } from '../core/errors.ts';
import { grantsEntitlements } from '../core/payment.ts';
import { actingMerchant, operation } from './access.ts';
import type { ApiContext, ApiScope } from './api.ts';
import { answer, refusals, WRITING } from './documented.ts';
import { CouponResource, EntitlementResource, ListEntitlements } from './journal-schemas.ts';
import { wholeList } from './lists.ts';
import { EntitlementInput, PaymentResource, type PaymentView } from './payment-schemas.ts';
import { couponView, entitlementView, paymentView } from './payment-views.ts';
import { readEntitlement, visiblePayment } from './payments.ts';
import { perform, present } from './perform.ts';
import { IdempotencyHeader, IdParams, NoBody, NoQuery, pageOf, ref } from './shapes.ts';

interface PaymentAction {
  readonly method: 'POST' | 'DELETE';
  readonly path: string;
  readonly kind: 'capture_payment' | 'close_payment' | 'void_payment' | 'set_dispute' | 'clear_dispute';
  readonly operationId: string;
  readonly summary: string;
  readonly description: string;
  readonly codes: readonly ErrorCode[];
}

const ACTIONS: readonly PaymentAction[] = [
  {
    method: 'POST',
    path: 'capture',
    kind: 'capture_payment',
    operationId: 'capturePayment',
    summary: 'Capture a pending payment',
    description: 'Takes its funds, whole.',
    codes: ['not_capturable'],
  },
  {
    method: 'POST',
    path: 'close',
    kind: 'close_payment',
    operationId: 'closePayment',
    summary: 'Close a pending payment',
    description: 'It will never be captured.',
    codes: ['not_capturable'],
  },
  {
    method: 'POST',
    path: 'void',
    kind: 'void_payment',
    operationId: 'voidPayment',
    summary: 'Void a captured payment',
    description: 'Cancels it whole, as long as nothing of it is refunded, reserved or settled. Ends its entitlements.',
    codes: ['payment_disputed', 'insufficient_merchant_balance', 'not_voidable'],
  },
  {
    method: 'POST',
    path: 'dispute',
    kind: 'set_dispute',
    operationId: 'setDispute',
    summary: 'Mark a payment as disputed',
    description:
      'It cannot be refunded or voided until the dispute is cleared: the dispute decides where its funds go.',
    codes: ['payment_not_refundable'],
  },
  {
    method: 'DELETE',
    path: 'dispute',
    kind: 'clear_dispute',
    operationId: 'clearDispute',
    summary: 'Clear a dispute',
    description: 'The payment can be refunded again.',
    codes: ['payment_not_refundable'],
  },
];

export function addPaymentActions(app: ApiScope, context: ApiContext): void {
  for (const action of ACTIONS) addAction(app, context, action);
}

function addAction(app: ApiScope, { refundry, settled }: ApiContext, action: PaymentAction): void {
  const { kind, method } = action;

  const act = async (request: FastifyRequest, reply: FastifyReply, id: string): Promise<PaymentView> => {
    const merchantId = await actingMerchant(request, refundry, { payment_id: id });
    const outcome = await perform(refundry, request, reply, merchantId, { kind, payment: { id } });
    const payment = present(outcome.payment);
    // Only what is captured earlier can be settled; of a replayed answer, as it was then.
    const mayBeSettled = kind === 'set_dispute' || kind === 'clear_dispute';
    return paymentView(payment, mayBeSettled && (await settled.at(payment, present(outcome.entry).seq)));
  };

  app.route({
    method,
    url: `/payments/:id/${action.path}`,
    config: operation(kind, 'write'),
    schema: {
      operationId: action.operationId,
      summary: action.summary,
      description: action.description,
      tags: ['Payments'],
      params: IdParams,
      querystring: NoQuery,
      headers: IdempotencyHeader,
      body: NoBody,
      response: {
        200: answer(ref(PaymentResource), 'The payment after it.'),
        ...refusals('payment_not_found', ...action.codes, ...WRITING),
      },
    },
    handler: (request, reply) => act(request, reply, request.params.id),
  });
}

export function addEntitlements(app: ApiScope, context: ApiContext): void {
  const { refundry } = context;
  const tags = ['Entitlements'];

  app.route({
    method: 'POST',
    url: '/payments/:id/entitlements',
    config: operation('grant_entitlement', 'write'),
    schema: {
      operationId: 'grantEntitlement',
      summary: 'Enrol a learner through a payment',
      description: 'A full refund or a void of the payment ends it, in the same transaction.',
      tags,
      params: IdParams,
      querystring: NoQuery,
      headers: IdempotencyHeader,
      body: EntitlementInput,
      response: {
        201: answer(ref(EntitlementResource), 'The enrolment.'),
        ...refusals('payment_not_found', 'payment_not_refundable', ...WRITING),
      },
    },
    handler: async (request, reply) => {
      const { id } = request.params;
      const merchantId = await actingMerchant(request, refundry, { payment_id: id });
      const outcome = await perform(refundry, request, reply, merchantId, {
        kind: 'grant_entitlement',
        payment: { id },
        entitlement: readEntitlement(request.body),
      });
      reply.code(201);
      return entitlementView(present(outcome.entitlements[0]), present(outcome.payment));
    },
  });

  app.route({
    method: 'GET',
    url: '/payments/:id/entitlements',
    config: operation('list_payment_entitlements', 'read'),
    schema: {
      operationId: 'listPaymentEntitlements',
      summary: "List a payment's enrolments",
      tags,
      params: IdParams,
      querystring: NoQuery,
      response: { 200: answer(pageOf(EntitlementResource), 'All of them.'), ...refusals('payment_not_found') },
    },
    handler: async (request) => {
      const { payment } = await visiblePayment(context, request, request.params.id);
      const { entitlements } = await refundry.reader.entitlementsOf(payment);
      return wholeList(entitlements.map((entitlement) => entitlementView(entitlement, payment)));
    },
  });

  app.route({
    method: 'GET',
    url: '/payments/:id/coupons',
    config: operation('list_payment_coupons', 'read'),
    schema: {
      operationId: 'listPaymentCoupons',
      summary: "List a payment's coupons",
      description: 'What a group purchase bought: ACTIVE, or REFUNDED with its payment.',
      tags,
      params: IdParams,
      querystring: NoQuery,
      response: { 200: answer(pageOf(CouponResource), 'All of them.'), ...refusals('payment_not_found') },
    },
    handler: async (request) => {
      const { payment } = await visiblePayment(context, request, request.params.id);
      const { coupons } = await refundry.reader.entitlementsOf(payment);
      return wholeList(coupons.map((coupon) => couponView(coupon, payment)));
    },
  });

  app.route({
    method: 'GET',
    url: '/entitlements',
    config: operation('list_entitlements', 'read'),
    schema: {
      operationId: 'listEntitlements',
      summary: "List a learner's enrolments",
      description:
        'Each with whether its payment still grants it. A learner is enrolled while at least one enrolment in the same target is active.',
      tags,
      querystring: ListEntitlements,
      response: { 200: answer(pageOf(EntitlementResource), 'All of them.'), ...refusals('resource_not_found') },
    },
    handler: async (request) => {
      const { learner, active, merchant_id } = request.query;
      const merchantId = await actingMerchant(request, refundry, { merchant_id });
      const found = await refundry.reader.entitlementsOfLearner(merchantId, learner);
      const wanted = found.filter(
        ({ payment }) => active === undefined || grantsEntitlements(payment) === (active === 'true'),
      );
      return wholeList(wanted.map(({ entitlement, payment }) => entitlementView(entitlement, payment)));
    },
  });
}
