import type { ReactNode } from 'react';
import { Link } from 'react-router';
import classes from './overview.module.css';
import { countOf, type Group, type Overview } from './overview-data.ts';

interface TilesProps {
  readonly overview: Overview;
  readonly today: readonly Group[];
  /** Where refunds of that status can be seen. */
  readonly listLink: (status: string) => string;
}

/** Today's numbers beside those of last week. */
export function Tiles({ overview, today, listLink }: TilesProps) {
  const before = overview.week_ago?.refunds ?? null;
  const tile = (outcome: string, title: string) => (
    <Tile
      title={title}
      to={listLink(outcome)}
      count={countOf(today, outcome)}
      note={before === null ? null : <Compared now={countOf(today, outcome)} then={countOf(before, outcome)} />}
    />
  );
  const attempts = countOf(today);
  const refused = countOf(today, 'refused');
  return (
    <div className={classes.tiles}>
      {tile('succeeded', 'Refunded today')}
      {tile('refused', 'Refused today')}
      <Tile
        title="Share refused today"
        count={attempts === 0 ? '–' : `${Math.round((refused * 100) / attempts)} %`}
        note={
          before === null || countOf(before) === 0
            ? null
            : `${Math.round((countOf(before, 'refused') * 100) / countOf(before))} % last week by this time`
        }
      />
      <Tile
        title="Awaiting approval"
        to="/approvals"
        count={overview.waiting}
        note={overview.waiting === 0 ? 'Nothing waits for a decision' : 'Their funds are reserved'}
        isWaiting={overview.waiting > 0}
      />
    </div>
  );
}

interface TileProps {
  readonly title: string;
  readonly count: number | string;
  readonly note: ReactNode;
  readonly to?: string;
  readonly isWaiting?: boolean;
}

function Tile({ title, count, note, to, isWaiting = false }: TileProps) {
  const content = (
    <>
      <span className={classes.tileTitle}>{title}</span>
      <span className={classes.tileCount}>{typeof count === 'number' ? count.toLocaleString('en') : count}</span>
      <span className={classes.tileNote}>{note}</span>
    </>
  );
  return to === undefined ? (
    <div className={classes.tile}>{content}</div>
  ) : (
    <Link className={classes.tile ?? ''} to={to} data-waiting={isWaiting || undefined}>
      {content}
    </Link>
  );
}

function Compared({ now, then }: { readonly now: number; readonly then: number }) {
  const difference = now - then;
  const sign = difference > 0 ? '+' : difference < 0 ? '−' : '±';
  return `${sign}${Math.abs(difference).toLocaleString('en')} against ${then.toLocaleString('en')} last week by this time`;
}
