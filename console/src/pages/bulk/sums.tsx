import { AmountText } from '../../parts/amount-text.tsx';
import classes from './bulk.module.css';
import type { Sum } from './run-view.ts';

/** One amount per currency: amounts of two currencies have no sum. */
export function Sums({ sums }: { readonly sums: readonly Sum[] }) {
  if (sums.length === 0) return '–';
  return (
    <span className={classes.sums}>
      {sums.map(({ currency, minor }) => (
        <AmountText key={currency} currency={currency} minor={minor} />
      ))}
    </span>
  );
}
