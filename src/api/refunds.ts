/** Refunds: asking for one, previewing one, finding them. Decisions on one that waits are in `refund-actions.ts`. */
import { errorDefinition, type ErrorCode, invalidParameter, Refused } from '../core/errors.ts';
import type { PaymentSelector, RefundPayment } from '../core/command.ts';
import type { Outcome } from '../core/outcome.ts';
import { refundNotFound } from '../core/select.ts';
import { referenceNamespaces } from '../dialects/references.ts';
import { actingMerchant, operation, visibleMerchant } from './access.ts';
import { type ApiContext, type ApiScope, serializeExactly } from './api.ts';
import { answer, refusals, WRITING } from './documented.ts';
import { listFilter, pageView } from './lists.ts';
import { breakdownView, entitlementChangesView, refundView } from './payment-views.ts';
import { refuseCardNumbers } from './payments.ts';
import { commandOf, perform, present } from './perform.ts';
import { Declined, problemOfOutcome } from './problems.ts';
import {
  CreateRefund,
  ListRefunds,
  PreviewResource,
  type PreviewView,
  type RefundRequest,
  RefundResource,
} from './refund-schemas.ts';
import { IdempotencyHeader, IdParams, NoQuery, pageOf, ref } from './shapes.ts';

const TAGS = ['Refunds'];

/** Why a refund may be refused, in order of precedence. */
const RULES: readonly ErrorCode[] = [
  'payment_not_found',
  'currency_mismatch',
  'payment_not_refundable',
  'payment_disputed',
  'refund_window_expired',
  'already_refunded',
  'refund_count_exceeded',
  'reason_required',
  'below_minimum',
  'partial_refund_not_allowed',
  'amount_exceeds_refundable',
  'expected_refundable_mismatch',
  'insufficient_merchant_balance',
];

export function addRefunds(app: ApiScope, { refundry }: ApiContext): void {
  app.route({
    method: 'POST',
    url: '/refunds',
    config: operation('create_refund', 'refund'),
    schema: {
      operationId: 'createRefund',
      summary: 'Refund a payment',
      description:
        "All of it, a part, or all that is left. Where the merchant's policy asks for a second person, the refund waits as `pending_approval` with its funds reserved. Send an Idempotency-Key: then a request whose answer was lost can simply be sent again.",
      tags: TAGS,
      querystring: NoQuery,
      headers: IdempotencyHeader,
      body: CreateRefund,
      response: {
        201: answer(ref(RefundResource), 'The refund, and the numbers of its payment after it.'),
        ...refusals('resource_not_found', ...RULES, ...WRITING),
      },
    },
    handler: async (request, reply) => {
      const action = readRefund(request.body);
      const merchantId = await actingMerchant(request, refundry, request.body);
      const outcome = await perform(refundry, request, reply, merchantId, action);
      reply.code(201);
      return refundView(present(outcome.refund), outcome.payment, outcome.entry);
    },
  });

  app.route({
    method: 'POST',
    url: '/refunds/preview',
    config: operation('preview_refund', 'read'),
    serializerCompiler: serializeExactly,
    schema: {
      operationId: 'previewRefund',
      summary: 'Preview a refund',
      description:
        'What a refund would bring about right now, without doing it: nothing is written, no key is bound. Also for keys that only read.',
      tags: TAGS,
      querystring: NoQuery,
      body: CreateRefund,
      response: {
        200: answer(ref(PreviewResource), 'What would happen.'),
        ...refusals('resource_not_found', 'payment_not_found'),
      },
    },
    handler: async (request): Promise<PreviewView> => {
      const action = readRefund(request.body);
      const merchantId = await actingMerchant(request, refundry, request.body);
      return previewView(await refundry.preview(commandOf(request, merchantId, action, null)), request.id);
    },
  });

  app.route({
    method: 'GET',
    url: '/refunds',
    config: operation('list_refunds', 'read'),
    schema: {
      operationId: 'listRefunds',
      summary: 'List refunds',
      description: 'Newest first; attempts that were refused are among them.',
      tags: TAGS,
      querystring: ListRefunds,
      response: { 200: answer(pageOf(RefundResource), 'A page of refunds.'), ...refusals('resource_not_found') },
    },
    handler: async (request) => {
      const { query } = request;
      const page = await refundry.reader.refunds({
        ...listFilter('refund', query, visibleMerchant(request, query.merchant_id)),
        status: query.status ?? null,
        paymentId: query.payment_id ?? null,
      });
      return pageView('refund', page, (refund) => refundView(refund, null));
    },
  });

  app.route({
    method: 'GET',
    url: '/refunds/:id',
    config: operation('read_refund', 'read'),
    schema: {
      operationId: 'readRefund',
      summary: 'Read a refund',
      description: 'As it is now, with the numbers of its payment as they are now.',
      tags: TAGS,
      params: IdParams,
      querystring: NoQuery,
      response: { 200: answer(ref(RefundResource), 'The refund.'), ...refusals('refund_not_found') },
    },
    handler: async (request) => {
      const { id } = request.params;
      const found = await refundry.reader.refund(id, visibleMerchant(request, undefined));
      if (found === null) throw new Refused(refundNotFound(id));
      return refundView(present(found.refund), found.payment);
    },
  });
}

/** What a command about a refund would bring about. Throws `Declined` where the rules would decide nothing. */
export function previewView(outcome: Outcome, requestId: string): PreviewView {
  const { refusal } = outcome;
  if (refusal !== null && !errorDefinition(refusal.code).decided) throw new Declined(outcome, refusal);
  const refund = present(outcome.refund);
  const changes = outcome.entry === null ? null : entitlementChangesView(outcome.entry);
  return {
    outcome: refusal !== null ? 'refused' : refund.status === 'pending_approval' ? 'pending_approval' : 'succeeded',
    approval_required: refund.status === 'pending_approval',
    amount: Number(refund.amountMinor),
    currency: refund.currency,
    payment: breakdownView(present(outcome.payment)),
    refusal: refusal === null ? null : withoutIds(problemOfOutcome(outcome, refusal, requestId)),
    ...(changes === null ? {} : { entitlement_changes: changes }),
  };
}

/** A refusal that did not happen has neither request nor refund. */
function withoutIds(problem: Readonly<Record<string, unknown>>): NonNullable<PreviewView['refusal']> {
  const { request_id: _request, refund_id: _refund, ...others } = problem;
  return others as NonNullable<PreviewView['refusal']>;
}

/** Throws `InvalidRequest` for card numbers, `Refused` (`invalid_request`) for what names no payment. */
function readRefund(given: RefundRequest): RefundPayment {
  const { reason, metadata, amount, currency } = given;
  if (reason !== undefined || metadata !== undefined) refuseCardNumbers({ reason, metadata });
  return {
    kind: 'refund_payment',
    payment: readSelector(given),
    amount:
      amount === undefined
        ? { kind: 'all', ...(currency === undefined ? {} : { currency }) }
        : { kind: 'minor', minor: BigInt(amount), currency: currency ?? null },
    reference: null,
    details: {
      ...(reason === undefined ? {} : { reason }),
      ...(metadata === undefined ? {} : { metadata }),
    },
    expectedRefundableMinor: given.expected_refundable === undefined ? null : BigInt(given.expected_refundable),
  };
}

function readSelector({ payment_id: id, payment_reference: reference }: RefundRequest): PaymentSelector {
  if (id !== undefined && reference === undefined) return { id };
  if (reference === undefined || id !== undefined) {
    const problem =
      id === undefined ? 'is required, or payment_reference' : 'is given beside payment_reference: send one of them';
    throw new Refused(invalidParameter('payment_id', problem));
  }
  const names = referenceNamespaces().map(({ name }) => name);
  if (names.includes(reference.namespace)) return { references: [reference] };
  throw new Refused(invalidParameter('payment_reference.namespace', `is no namespace; there are ${names.join(', ')}`));
}
