/** Sends a refund: each attempt with its key, once at a time, and again with the same key where no answer came. */
import { useQueryClient } from '@tanstack/react-query';
import { useCallback, useRef, useState } from 'react';
import { post } from '../api/client.ts';
import { ApiError } from '../api/error.ts';
import { refreshAll } from '../api/queries.ts';
import type { Refund } from '../api/types.ts';
import { useSession } from '../app/session.tsx';
import { type Attempt, attemptFor, forgetAttempt, keepAttempt, type RefundBody, undecidedAttempt } from './attempt.ts';

export type Sending =
  | { readonly state: 'editing'; readonly error: ApiError | null }
  | { readonly state: 'sending' }
  /** It may have happened, unless the error says that it did not: it can be sent again as it is. */
  | { readonly state: 'undecided'; readonly attempt: Attempt; readonly error: ApiError | null }
  | { readonly state: 'done'; readonly refund: Refund };

export function useRefund(paymentId: string) {
  const client = useQueryClient();
  const user = useSession().user.name;
  const last = useRef<Attempt | null>(null);
  const isSending = useRef(false);
  const [sending, setSending] = useState<Sending>(() => {
    const attempt = undecidedAttempt(sessionStorage, user, paymentId);
    return attempt === null ? { state: 'editing', error: null } : { state: 'undecided', attempt, error: null };
  });

  const send = useCallback(
    async (attempt: Attempt): Promise<void> => {
      // State changes after the next render; a double click comes before it.
      if (isSending.current) return;
      isSending.current = true;
      last.current = attempt;
      keepAttempt(sessionStorage, user, attempt);
      setSending({ state: 'sending' });
      try {
        const refund = await post<Refund>('/v1/refunds', attempt.body, { idempotencyKey: attempt.key });
        forgetAttempt(sessionStorage, user, paymentId);
        setSending({ state: 'done', refund });
      } catch (error) {
        if (!(error instanceof ApiError)) throw error;
        if (error.isUndecided || error.code === 'overloaded' || error.status === 401) {
          setSending({ state: 'undecided', attempt, error });
        } else {
          forgetAttempt(sessionStorage, user, paymentId);
          // Refused: that answer belongs to the key. Whoever tries again wants to hear a new one.
          last.current = null;
          setSending({ state: 'editing', error });
        }
      } finally {
        isSending.current = false;
        void refreshAll(client);
      }
    },
    [client, user, paymentId],
  );

  return {
    sending,
    submit: useCallback((body: RefundBody) => send(attemptFor(last.current, body)), [send]),
    again: useCallback((attempt: Attempt) => send(attempt), [send]),
    /** Back to the form, from an attempt that is certain not to have happened. */
    giveUp: useCallback(() => {
      forgetAttempt(sessionStorage, user, paymentId);
      setSending({ state: 'editing', error: null });
    }, [user, paymentId]),
    /** What was said of an earlier request is no longer about what is in the form. */
    edited: useCallback(
      () => setSending((now) => (now.state === 'editing' ? { state: 'editing', error: null } : now)),
      [],
    ),
  };
}
