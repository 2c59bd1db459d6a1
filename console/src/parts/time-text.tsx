import { localTime, relativeTime, utcTime } from '../time/time.ts';
import classes from './time-text.module.css';

interface TimeTextProps {
  /** ISO 8601. */
  readonly at: string;
  /** `3 hours ago` instead of the clock. */
  readonly relative?: boolean;
}

/** A time in the reader's zone; UTC, and how long ago it was, on hover. */
export function TimeText({ at, relative = false }: TimeTextProps) {
  const ago = relativeTime(at, Date.now());
  return (
    <time dateTime={at} title={`${utcTime(at)} · ${relative ? localTime(at) : ago}`} className={classes.time}>
      {relative ? ago : localTime(at)}
    </time>
  );
}
