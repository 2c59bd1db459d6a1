/** What single operations answer to their example request, where the example of the object tells another moment. */
import { EXAMPLES } from './examples.ts';

const { Payment, Refund, RefundPreview, Policy, Merchant, Credential, Balance } = EXAMPLES;

/** Of 100.00 USD, nothing refunded yet. */
const untouched = { refund_status: 'none', refunded: 0, reserved: 0, refundable: 10_000 };
const nothingCaptured = { ...untouched, captured: 0, refundable: 0 };
const registered = { ...Payment, ...untouched, updated_at: Payment.created_at };
const later = '2026-02-01T09:30:00.000Z';

const { payment: numbers, ...listedRefund } = Refund;

/** Of 1000.00 USD, 600.00 of which needed a second person. */
const waited = {
  ...Refund,
  id: '019a3c61-5b10-7001-92e7-3d8c1a6f4b77',
  payment_id: '019a3c5e-9e40-7001-b5c1-8a0d7f2e6c66',
  amount: 60_000,
  requested_by: `key:${Credential.id}`,
  expires_at: '2026-02-04T09:30:00.000Z',
  reason: 'Event canceled',
  updated_at: '2026-02-01T10:15:00.000Z',
};
const waitedApproved = { ...numbers, captured: 100_000, refunded: 60_000, refundable: 40_000 };
const waitedInVain = { ...numbers, ...untouched, captured: 100_000, refundable: 100_000 };

/** By operation id. Operations that are not here answer with the examples of the objects in their answers. */
export const ANSWER_EXAMPLES: Readonly<Record<string, unknown>> = {
  createPayment: registered,
  capturePayment: { ...registered, captured_at: later, updated_at: later },
  closePayment: { ...registered, ...nothingCaptured, status: 'closed', captured_at: null, updated_at: later },
  voidPayment: { ...registered, ...nothingCaptured, status: 'voided', updated_at: later },
  setDispute: { ...registered, disputed: true, updated_at: later },
  clearDispute: { ...registered, updated_at: later },
  approveRefund: { ...waited, decision_reason: 'Checked with the venue', payment: waitedApproved },
  rejectRefund: {
    ...waited,
    status: 'canceled',
    cancel_reason: 'rejected',
    decision_reason: 'The ticket was used',
    payment: waitedInVain,
  },
  cancelRefund: {
    ...waited,
    status: 'canceled',
    cancel_reason: 'canceled',
    decision_reason: 'The ticket was used',
    payment: waitedInVain,
  },
  reverseRefund: {
    ...Refund,
    status: 'reversed',
    updated_at: '2026-02-05T08:00:00.000Z',
    payment: { ...numbers, ...untouched },
  },
  previewRefund: RefundPreview,
  previewApproval: { ...RefundPreview, amount: 60_000, payment: waitedApproved },
  listRefunds: { data: [listedRefund], has_more: false, next_cursor: null },
  createMerchant: { ...Merchant, policy: { ...Policy, window_days: null } },
  revokeCredential: { ...Credential, revoked_at: later },
  readBalances: { merchant_id: Merchant.id, data: [Balance] },
};
