/**
 * One attempt to have a refund made: what is asked, and the idempotency key that it is asked with. The same request keeps
 * its key through every retry, also over a reload of the page, until the server has decided: so a lost answer can be
 * asked for again and nothing happens twice. Another request is another attempt.
 */

export interface RefundBody {
  readonly payment_id: string;
  /** Minor units; left out only where it is asked why nothing is refundable. */
  readonly amount?: number;
  readonly currency: string;
  readonly reason?: string;
  readonly expected_refundable: number;
}

export interface Attempt {
  readonly key: string;
  readonly body: RefundBody;
}

/** Where undecided attempts outlive the page: `sessionStorage`, so that they end with the tab. */
export type AttemptStore = Pick<Storage, 'getItem' | 'setItem' | 'removeItem'>;

/** Of one person: whoever signs in next in the same tab must not send what somebody else wrote. */
const place = (user: string, paymentId: string): string => `refund-attempt:${user}:${paymentId}`;

/** 128 random bits. `crypto.randomUUID` is not there on plain http, `getRandomValues` is. */
export function newIdempotencyKey(): string {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  return `console-${[...bytes].map((byte) => byte.toString(16).padStart(2, '0')).join('')}`;
}

export function attemptFor(before: Attempt | null, body: RefundBody): Attempt {
  const isSame = before !== null && JSON.stringify(before.body) === JSON.stringify(body);
  return isSame ? before : { key: newIdempotencyKey(), body };
}

/** Before it is sent: whatever happens now, it can be asked for again. */
export function keepAttempt(store: AttemptStore, user: string, attempt: Attempt): void {
  store.setItem(place(user, attempt.body.payment_id), JSON.stringify(attempt));
}

/** Once the server has decided. */
export function forgetAttempt(store: AttemptStore, user: string, paymentId: string): void {
  store.removeItem(place(user, paymentId));
}

/** The attempt on a payment whose answer never came; `null` if there is none. */
export function undecidedAttempt(store: AttemptStore, user: string, paymentId: string): Attempt | null {
  const kept = store.getItem(place(user, paymentId));
  return kept === null ? null : (JSON.parse(kept) as Attempt);
}
