import type { ReactNode } from 'react';
import classes from './notice.module.css';
import type { Tone } from './status-badge.tsx';

interface NoticeProps {
  readonly tone: Tone;
  readonly title: string;
  readonly children?: ReactNode;
  /** Read aloud when it appears. */
  readonly live?: boolean;
}

/** Something that must be read before going on. */
export function Notice({ tone, title, children, live = false }: NoticeProps) {
  return (
    <div className={classes.notice} data-tone={tone} role={live ? (tone === 'bad' ? 'alert' : 'status') : undefined}>
      <div className={classes.title}>{title}</div>
      {children}
    </div>
  );
}
