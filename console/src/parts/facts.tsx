import type { ReactNode } from 'react';
import classes from './facts.module.css';

export type Fact = readonly [name: string, value: ReactNode];

interface FactsProps {
  readonly facts: readonly Fact[];
  /** Names above their values, where both are long. */
  readonly stacked?: boolean;
}

/** Names and values in two columns; what has no value (`null`, `undefined`, `false`, empty) is left out. */
export function Facts({ facts, stacked = false }: FactsProps) {
  return (
    <dl className={classes.facts} data-stacked={stacked || undefined}>
      {facts
        .filter(([, value]) => value !== null && value !== undefined && value !== false && value !== '')
        .map(([name, value]) => (
          <div key={name} className={classes.fact}>
            <dt>{name}</dt>
            <dd>{value}</dd>
          </div>
        ))}
    </dl>
  );
}
