/** What can be done with a refund, by whom, and what it would bring about. */
import { may } from '../api/permissions.ts';
import type { Refund, User } from '../api/types.ts';
import { formatAmount } from '../money/money.ts';

export type DecisionName = 'approve' | 'reject' | 'cancel' | 'reverse';

export interface Decision {
  readonly name: DecisionName;
  readonly title: string;
  /** What confirming it brings about. */
  readonly effect: string;
  readonly isDangerous: boolean;
}

export interface Choices {
  readonly decisions: readonly Decision[];
  /** Why something that others may do is not offered to this person. */
  readonly why: string | null;
}

export function decisionsOn(refund: Refund, user: Pick<User, 'role' | 'name'>): Choices {
  const amount = `${refund.currency} ${formatAmount(refund.amount, refund.currency)}`;
  if (refund.status === 'succeeded') {
    return {
      decisions: may(user, 'write')
        ? [
            {
              name: 'reverse',
              title: 'Record as returned',
              effect: `The bank sent ${amount} back: it is the merchant’s again, and the payment is refundable by that much. Enrolments that the refund ended are granted again.`,
              isDangerous: true,
            },
          ]
        : [],
      why: null,
    };
  }
  if (refund.status !== 'pending_approval') return { decisions: [], why: null };

  const askedOneself = refund.requested_by === `user:${user.name}`;
  const decides = may(user, 'approve') && !askedOneself;
  const decisions: Decision[] = [];
  if (decides) {
    decisions.push(
      {
        name: 'approve',
        title: 'Approve',
        effect: `${amount} goes back to the customer at once, from the funds reserved for it.`,
        isDangerous: false,
      },
      {
        name: 'reject',
        title: 'Reject',
        effect: `Nothing is refunded. The ${amount} reserved for it is refundable again.`,
        isDangerous: true,
      },
    );
  }
  if (may(user, 'refund')) {
    decisions.push({
      name: 'cancel',
      title: 'Cancel',
      effect: `The refund is withdrawn. The ${amount} reserved for it is refundable again.`,
      isDangerous: true,
    });
  }
  const why = decides
    ? null
    : askedOneself
      ? 'You asked for this refund: another person must approve it.'
      : 'Only approvers and administrators decide on it.';
  return { decisions, why };
}
