/** Decisions on refunds: a second person's approval or rejection, cancellation, reversal. */
import type { FastifyReply, FastifyRequest } from 'fastify';
import type { Static } from 'typebox';
import type { Action } from '../core/command.ts';
import type { ErrorCode } from '../core/errors.ts';
import { type Access, actingMerchant, operation } from './access.ts';
import { type ApiContext, type ApiScope, serializeExactly } from './api.ts';
import { answer, refusals, WRITING } from './documented.ts';
import { refundView } from './payment-views.ts';
import { refuseCardNumbers } from './payments.ts';
import { commandOf, perform, present } from './perform.ts';
import { ApproveRefund, DecideRefund, PreviewResource, RefundResource, type RefundView } from './refund-schemas.ts';
import { previewView } from './refunds.ts';
import { IdempotencyHeader, IdParams, NoBody, NoQuery, ref } from './shapes.ts';

type RefundAction = Extract<Action, { readonly refundId: string }>;

interface Decision {
  readonly path: string;
  readonly kind: 'reject_refund' | 'cancel_refund';
  readonly access: Access;
  readonly operationId: string;
  readonly summary: string;
  readonly description: string;
  readonly codes: readonly ErrorCode[];
}

const DECISIONS: readonly Decision[] = [
  {
    path: 'reject',
    kind: 'reject_refund',
    access: 'approve',
    operationId: 'rejectRefund',
    summary: 'Reject a refund that waits',
    description: 'By another key or user than the one that asked for it. Its funds are refundable again.',
    codes: ['approval_not_allowed'],
  },
  {
    path: 'cancel',
    kind: 'cancel_refund',
    operationId: 'cancelRefund',
    summary: 'Cancel a refund that waits',
    access: 'refund',
    description: 'By anyone who may refund, also the one that asked for it. Its funds are refundable again.',
    codes: ['not_cancelable'],
  },
];

export function addRefundActions(app: ApiScope, { refundry }: ApiContext): void {
  const act = async (request: FastifyRequest, reply: FastifyReply, action: RefundAction): Promise<RefundView> => {
    const merchantId = await actingMerchant(request, refundry, { refund_id: action.refundId });
    const outcome = await perform(refundry, request, reply, merchantId, action);
    return refundView(present(outcome.refund), outcome.payment, outcome.entry);
  };
  const done = answer(ref(RefundResource), 'The refund, and the numbers of its payment after it.');
  const shared = { tags: ['Refunds'], params: IdParams, querystring: NoQuery, headers: IdempotencyHeader };

  app.route({
    method: 'POST',
    url: '/refunds/:id/approve',
    config: operation('approve_refund', 'approve'),
    schema: {
      ...shared,
      operationId: 'approveRefund',
      summary: 'Approve a refund that waits',
      description:
        'By another key or user than the one that asked for it: a second person. The refund then succeeds, with the funds that were reserved for it.',
      body: ApproveRefund,
      response: {
        200: done,
        ...refusals('refund_not_found', 'payment_disputed', 'approval_not_allowed', ...WRITING),
      },
    },
    handler: (request, reply) => act(request, reply, approvalOf(request.params.id, request.body)),
  });

  app.route({
    method: 'POST',
    url: '/refunds/:id/approve/preview',
    config: operation('preview_approval', 'read'),
    serializerCompiler: serializeExactly,
    schema: {
      tags: ['Refunds'],
      params: IdParams,
      querystring: NoQuery,
      operationId: 'previewApproval',
      summary: 'Preview the approval of a refund',
      description:
        'What your approval would bring about right now, without giving it: what the payment would be, and what would become of its enrolments. `refusal` says why you may not, such as that you asked for it yourself. Also for keys that only read.',
      body: ApproveRefund,
      response: { 200: answer(ref(PreviewResource), 'What would happen.'), ...refusals('refund_not_found') },
    },
    handler: async (request) => {
      const { id } = request.params;
      const merchantId = await actingMerchant(request, refundry, { refund_id: id });
      return previewView(
        await refundry.preview(commandOf(request, merchantId, approvalOf(id, request.body), null)),
        request.id,
      );
    },
  });

  for (const { path, kind, access, operationId, summary, description, codes } of DECISIONS) {
    app.route({
      method: 'POST',
      url: `/refunds/:id/${path}`,
      config: operation(kind, access),
      schema: {
        ...shared,
        operationId,
        summary,
        description,
        body: DecideRefund,
        response: { 200: done, ...refusals('refund_not_found', ...codes, ...WRITING) },
      },
      handler: (request, reply) =>
        act(request, reply, { kind, refundId: request.params.id, ...readReason(request.body) }),
    });
  }

  app.route({
    method: 'POST',
    url: '/refunds/:id/reverse',
    config: operation('reverse_refund', 'write'),
    schema: {
      ...shared,
      operationId: 'reverseRefund',
      summary: 'Record that a refund came back',
      description:
        'A succeeded refund that the bank returned: its funds are the merchant’s again, and the payment is refundable by that much. Enrolments that the refund ended are granted again.',
      body: NoBody,
      response: { 200: done, ...refusals('refund_not_found', 'not_reversible', ...WRITING) },
    },
    handler: (request, reply) => act(request, reply, { kind: 'reverse_refund', refundId: request.params.id }),
  });
}

function approvalOf(refundId: string, given: Static<typeof ApproveRefund>): RefundAction {
  const { amount } = given;
  return {
    kind: 'approve_refund',
    refundId,
    amountMinor: amount === undefined ? null : BigInt(amount),
    ...readReason(given),
  };
}

/** Throws `InvalidRequest` for card numbers. */
function readReason({ reason }: Static<typeof DecideRefund>): { readonly reason?: string } {
  if (reason === undefined) return {};
  refuseCardNumbers({ reason });
  return { reason };
}
