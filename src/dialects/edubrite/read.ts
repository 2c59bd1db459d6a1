/** Requests in: connecting in two steps, refunding an invoice, signing out. */
import { maskCardNumbers } from '../../core/card-number.ts';
import { refusal, Refused } from '../../core/errors.ts';
import type { Operation, Reading, WireRequest } from '../dialect.ts';
import { actingAdministrator, cookie, sessionClaim } from './auth.ts';
import { Parameters } from './parameters.ts';
import { CONNECT_PATHS, INVOICE_NAMESPACE, PAYMENT_PATHS, SESSION_ID, SIGN_OUT_PATHS } from './wire.ts';
import { writeConnected, writeRefund, writeSignedOut } from './write.ts';

/** Bare, it opens a session; with a user name and password, it signs the opened one in. */
function readConnect(request: WireRequest): Reading {
  let isSigningIn = false;
  return {
    claim: { kind: 'anyone' },
    intent() {
      const parameters = new Parameters(request);
      if (!parameters.has('username') && !parameters.has('password')) return { kind: 'open_session' };
      const lookup = parameters.required('username');
      const secret = parameters.required('password');
      const firstToken = cookie(request, SESSION_ID);
      if (firstToken === null) {
        throw new Refused(
          refusal('unauthenticated', `the cookie ${SESSION_ID} is missing: connect without parameters`),
        );
      }
      isSigningIn = true;
      return { kind: 'sign_in', firstToken, lookup, secret };
    },
    write: (result) => writeConnected(result, isSigningIn),
  };
}

function readPaymentCall(request: WireRequest): Reading {
  let invoiceId: string | null = null;
  return {
    claim: sessionClaim(request),
    intent(caller) {
      const onBehalfOf = actingAdministrator(request, caller);
      const parameters = new Parameters(request);
      const dispatch = parameters.required('dispatch');
      if (dispatch !== 'refund') {
        const message = `there is no dispatch ${maskCardNumbers(dispatch)}`;
        throw new Refused(refusal('resource_not_found', message, { resource: 'dispatch' }));
      }
      invoiceId = parameters.required('id');
      return {
        kind: 'command',
        onBehalfOf,
        action: {
          kind: 'refund_payment',
          payment: { references: [{ namespace: INVOICE_NAMESPACE, value: invoiceId }] },
          amount: { kind: 'all' },
          reference: null,
          details: {},
          expectedRefundableMinor: null,
        },
      };
    },
    write: (result) => writeRefund(result, invoiceId),
  };
}

function readSignOut(request: WireRequest): Reading {
  return { claim: sessionClaim(request), intent: () => ({ kind: 'sign_out' }), write: writeSignedOut };
}

export const operations: readonly Operation[] = [
  { name: 'connect', method: 'GET', paths: CONNECT_PATHS, writes: false, read: readConnect },
  { name: 'connect', method: 'POST', paths: CONNECT_PATHS, writes: false, read: readConnect },
  { name: 'refund', method: 'POST', paths: PAYMENT_PATHS, writes: true, read: readPaymentCall },
  { name: 'sign_out', method: 'GET', paths: SIGN_OUT_PATHS, writes: false, read: readSignOut },
  { name: 'sign_out', method: 'POST', paths: SIGN_OUT_PATHS, writes: false, read: readSignOut },
];
