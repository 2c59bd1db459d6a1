import { formatAmount, type Minor } from '../money/money.ts';
import classes from './amount-text.module.css';

interface AmountTextProps {
  readonly minor: Minor;
  readonly currency: string;
  /** Without the currency, where a heading says it already. */
  readonly bare?: boolean;
  readonly strong?: boolean;
}

/** An amount with the decimals of its currency, never broken over two lines. */
export function AmountText({ minor, currency, bare = false, strong = false }: AmountTextProps) {
  return (
    <span className={classes.amount} data-strong={strong || undefined}>
      {!bare && <span className={classes.currency}>{currency} </span>}
      {formatAmount(minor, currency)}
    </span>
  );
}
