import { Button, Group, Stack, Text, Textarea, TextInput } from '@mantine/core';
import { type FormEvent, useState } from 'react';
import type { Entitlement, Payment } from '../api/types.ts';
import { exponentOf, formatAmount, plainAmount, readAmount } from '../money/money.ts';
import { AmountText } from '../parts/amount-text.tsx';
import { ErrorState } from '../parts/error-state.tsx';
import { Loading } from '../parts/loading.tsx';
import { Notice } from '../parts/notice.tsx';
import type { RefundBody } from './attempt.ts';
import { ChangedNotice } from './changed-notice.tsx';
import { Effects } from './effects.tsx';
import { RefundDone } from './refund-done.tsx';
import { RefundableBar } from './refundable-bar.tsx';
import { RefusalNotice } from './refusal-notice.tsx';
import { Undecided } from './undecided.tsx';
import { usePreview } from './use-preview.ts';
import { useRefund } from './use-refund.ts';

interface RefundFormProps {
  readonly payment: Payment;
  readonly entitlements: readonly Entitlement[];
  readonly onClose: () => void;
  readonly onShow: (refundId: string) => void;
}

/** Rules that no amount and no reason can satisfy: the form would only lead to another refusal. */
const HOPELESS = new Set([
  'payment_not_refundable',
  'payment_disputed',
  'refund_window_expired',
  'already_refunded',
  'refund_count_exceeded',
]);

const MAX_REASON = 500;

export function RefundForm({ payment, entitlements, onClose, onShow }: RefundFormProps) {
  const { currency } = payment;
  // What the person saw when they decided to refund: the server refuses if it is no longer so.
  const [seen, setSeen] = useState({ refundable: payment.refundable, at: payment.updated_at });
  const [amountText, setAmountText] = useState(() =>
    payment.refundable > 0 ? plainAmount(payment.refundable, currency) : '',
  );
  const [reason, setReason] = useState('');
  const { sending, submit, again, giveUp, edited } = useRefund(payment.id);
  const amount = readAmount(amountText, currency);

  const body = (minor: bigint | null): RefundBody => ({
    payment_id: payment.id,
    ...(minor === null ? {} : { amount: Number(minor) }),
    currency,
    ...(reason.trim() === '' ? {} : { reason: reason.trim() }),
    expected_refundable: seen.refundable,
  });
  // Of a payment with nothing left, the server is asked all the same: it says which rule that is.
  const isAsked = amount.minor !== null || (payment.refundable === 0 && amountText === '');
  const isWriting = sending.state === 'editing' || sending.state === 'sending';
  const { preview, error, isCurrent } = usePreview(isWriting && isAsked ? body(amount.minor) : null);

  if (sending.state === 'done') return <RefundDone refund={sending.refund} onClose={onClose} onShow={onShow} />;
  if (sending.state === 'undecided') {
    const { attempt, error: reason } = sending;
    return <Undecided attempt={attempt} error={reason} onAgain={() => void again(attempt)} onGiveUp={giveUp} />;
  }
  if (preview === null) {
    if (error !== null) return <ErrorState error={error} />;
    if (isAsked) return <Loading what="the rules for this refund" />;
  }

  const declined = sending.state === 'editing' ? sending.error : null;
  const refusal =
    declined === null
      ? (preview?.refusal ?? null)
      : { ...declined.facts, code: declined.code, title: declined.title, detail: declined.detail };
  const refundable = refusal === null ? seen.refundable : numberIn(refusal, 'refundable', seen.refundable);
  const hasChanged = refundable !== seen.refundable;
  const isHopeless = refusal !== null && HOPELESS.has(refusal.code);
  const needsReason = refusal?.code === 'reason_required';
  const isAllowed = isCurrent && preview?.refusal === null;
  const mayConfirm = isAllowed && amount.minor !== null && sending.state === 'editing';

  const confirm = (event: FormEvent) => {
    event.preventDefault();
    if (mayConfirm && amount.minor !== null) void submit(body(amount.minor));
  };
  const accept = () => {
    setSeen({ refundable, at: new Date().toISOString() });
    if (amount.minor !== null && amount.minor > BigInt(refundable)) setAmountText(plainAmount(refundable, currency));
    edited();
  };

  const changed = hasChanged && (
    <ChangedNotice
      paymentId={payment.id}
      currency={currency}
      expected={seen.refundable}
      refundable={refundable}
      since={seen.at}
      onAccept={accept}
    />
  );
  const numbers = { ...payment, ...numbersOf(refusal) };
  if (isHopeless) {
    return (
      <Stack gap="md">
        <RefundableBar payment={numbers} />
        {changed}
        <RefusalNotice refusal={refusal} currency={currency} />
        <Group justify="flex-end">
          <Button variant="default" onClick={onClose}>
            Close
          </Button>
        </Group>
      </Stack>
    );
  }
  const exponent = exponentOf(currency) ?? 0;
  const isAll = amount.minor === BigInt(seen.refundable);
  return (
    <form onSubmit={confirm}>
      <Stack gap="md">
        <RefundableBar payment={numbers} />
        <TextInput
          label={`Amount in ${currency}`}
          description={exponent === 0 ? `${currency} has no decimals` : undefined}
          value={amountText}
          inputMode={exponent === 0 ? 'numeric' : 'decimal'}
          autoComplete="off"
          // The drawer looks for it when it opens; where the rules came later, it is there only now.
          data-autofocus
          autoFocus
          onFocus={({ currentTarget }) => currentTarget.select()}
          disabled={sending.state === 'sending'}
          error={amount.problem}
          onChange={({ currentTarget }) => {
            setAmountText(currentTarget.value);
            edited();
          }}
          rightSectionWidth={134}
          rightSection={
            <Button
              variant="subtle"
              size="compact-xs"
              disabled={isAll}
              onClick={() => {
                setAmountText(plainAmount(seen.refundable, currency));
                edited();
              }}
            >
              All that is left
            </Button>
          }
        />
        <Textarea
          label={needsReason ? 'Reason' : 'Reason (optional)'}
          description="For people who look at this later. Never card numbers."
          value={reason}
          maxLength={MAX_REASON}
          autosize
          minRows={2}
          disabled={sending.state === 'sending'}
          error={needsReason ? 'This merchant asks for a reason' : undefined}
          onChange={({ currentTarget }) => {
            setReason(currentTarget.value);
            edited();
          }}
        />
        <div aria-live="polite" style={{ opacity: isCurrent || refusal !== null ? 1 : 0.6 }}>
          {changed}
          {refusal !== null && !hasChanged && !needsReason && <RefusalNotice refusal={refusal} currency={currency} />}
          {refusal === null && preview !== null && amount.minor !== null && (
            <Notice
              tone={preview.outcome === 'pending_approval' ? 'wait' : 'info'}
              title={preview.outcome === 'pending_approval' ? 'A second person must approve this' : 'What will happen'}
            >
              <Effects preview={preview} entitlements={entitlements} />
            </Notice>
          )}
          {error !== null && <ErrorState error={error} />}
        </div>
        <Group justify="flex-end">
          <Button variant="default" onClick={onClose}>
            Close
          </Button>
          <Button
            type="submit"
            disabled={!mayConfirm && sending.state !== 'sending'}
            loading={sending.state === 'sending'}
          >
            {amount.minor === null
              ? 'Refund'
              : `${preview?.outcome === 'pending_approval' ? 'Request' : 'Refund'} ${currency} ${formatAmount(amount.minor, currency)}`}
          </Button>
        </Group>
        <Text size="xs" c="dimmed">
          Refundable as you see it: <AmountText minor={seen.refundable} currency={currency} />. If it changes before you
          confirm, nothing is refunded.
        </Text>
      </Stack>
    </form>
  );
}

function numberIn(facts: Readonly<Record<string, unknown>>, name: string, otherwise: number): number {
  const value = facts[name];
  return typeof value === 'number' ? value : otherwise;
}

/** The payment's numbers as a refusal has them: newer than those that were on screen. */
function numbersOf(refusal: Readonly<Record<string, unknown>> | null) {
  if (refusal === null) return {};
  return Object.fromEntries(
    ['captured', 'refunded', 'reserved', 'refundable'].flatMap((name) =>
      typeof refusal[name] === 'number' ? [[name, refusal[name]]] : [],
    ),
  );
}
