import type { ReactNode } from 'react';
import classes from './states.module.css';

interface EmptyStateProps {
  readonly title: string;
  /** What to do about it. */
  readonly children?: ReactNode;
}

/** That there is nothing here, and why. */
export function EmptyState({ title, children }: EmptyStateProps) {
  return (
    <div className={classes.state}>
      <div className={classes.title}>{title}</div>
      {children !== undefined && <div>{children}</div>}
    </div>
  );
}
