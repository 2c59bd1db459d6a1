import classes from './status-badge.module.css';

export type Tone = 'good' | 'wait' | 'bad' | 'calm' | 'info';

/** The statuses of payments and refunds, and the words that people have for them. */
const STATUSES: Readonly<Record<string, readonly [Tone, string]>> = {
  captured: ['info', 'Captured'],
  voided: ['calm', 'Voided'],
  closed: ['calm', 'Closed'],
  disputed: ['bad', 'Disputed'],
  settled: ['calm', 'Settled'],
  partial: ['wait', 'Partly refunded'],
  full: ['good', 'Refunded'],
  pending_approval: ['wait', 'Awaiting approval'],
  pending: ['wait', 'Pending'],
  unknown: ['wait', 'Not known yet'],
  succeeded: ['good', 'Succeeded'],
  failed: ['bad', 'Failed'],
  canceled: ['calm', 'Canceled'],
  rejected: ['calm', 'Rejected'],
  expired: ['calm', 'Expired'],
  reversed: ['calm', 'Reversed'],
  refused: ['bad', 'Refused'],
};

interface BadgeProps {
  readonly tone: Tone;
  readonly children: string;
}

/** A word on a coloured ground: the word says it all, the colour helps to find it. */
export function ToneBadge({ tone, children }: BadgeProps) {
  return (
    <span className={classes.badge} data-tone={tone}>
      {children}
    </span>
  );
}

/** The status of a payment, a refund, or whatever else has one of these. */
export function StatusBadge({ status }: { readonly status: string }) {
  const [tone, words] = STATUSES[status] ?? ['calm', status.replaceAll('_', ' ')];
  return <ToneBadge tone={tone}>{words}</ToneBadge>;
}

/** A status as words, for sentences and options. */
export function statusWords(status: string): string {
  return STATUSES[status]?.[1] ?? status.replaceAll('_', ' ');
}
