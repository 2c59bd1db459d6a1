/** Why a refund is refused: the rule, and the numbers behind it. */
import type { ReactNode } from 'react';
import { capitalized, factTexts } from '../journal/words.ts';
import { Facts } from '../parts/facts.tsx';
import { Notice } from '../parts/notice.tsx';

interface RefusalNoticeProps {
  /** Problem details, from a preview or an error. */
  readonly refusal: { readonly title: string; readonly detail: string; readonly [fact: string]: unknown };
  readonly currency: string;
  readonly children?: ReactNode;
}

/** Members of every problem, and the numbers that its sentence says already. */
const SAID = new Set(
  'type title status detail code request_id errors amount captured refunded reserved refundable'.split(' '),
);

export function RefusalNotice({ refusal, currency, children }: RefusalNoticeProps) {
  const facts = Object.fromEntries(Object.entries(refusal).filter(([name]) => !SAID.has(name)));
  return (
    <Notice tone="bad" title={refusal.title} live>
      <p style={{ margin: '2px 0 8px' }}>{capitalized(refusal.detail)}.</p>
      <Facts facts={factTexts(facts, currency)} />
      {children}
    </Notice>
  );
}
