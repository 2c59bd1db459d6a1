/** What became of the captured amount, as one bar and in numbers. */
import type { Breakdown } from '../api/types.ts';
import { formatAmount, permille } from '../money/money.ts';
import { AmountText } from '../parts/amount-text.tsx';
import classes from './refundable-bar.module.css';

const PARTS = [
  ['refunded', 'Refunded'],
  ['reserved', 'Reserved'],
  ['refundable', 'Refundable'],
] as const;

export function RefundableBar({ payment }: { readonly payment: Breakdown }) {
  const { currency, captured } = payment;
  const spoken = PARTS.map(([name, words]) => `${words} ${formatAmount(payment[name], currency)}`).join(', ');
  return (
    <div className={classes.whole}>
      <div
        className={classes.bar}
        role="img"
        aria-label={`Of ${currency} ${formatAmount(captured, currency)}: ${spoken}`}
      >
        {PARTS.map(([name]) => {
          const share = permille(payment[name], captured);
          // What is there is seen, however little it is.
          return payment[name] === 0 ? null : (
            <div key={name} data-part={name} style={{ flexGrow: Math.max(share, 8) }} />
          );
        })}
      </div>
      <dl className={classes.numbers}>
        <div>
          <dt>Captured</dt>
          <dd>
            <AmountText minor={captured} currency={currency} />
          </dd>
        </div>
        {PARTS.map(([name, words]) => (
          <div key={name} data-part={name}>
            <dt>{words}</dt>
            <dd>
              <AmountText minor={payment[name]} currency={currency} strong={name === 'refundable'} />
            </dd>
          </div>
        ))}
      </dl>
    </div>
  );
}
