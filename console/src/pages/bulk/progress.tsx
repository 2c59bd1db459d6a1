/** How far a run is, and what became of its lines so far; before it, what a dry run expects. */
import { type Minor, permille } from '../../money/money.ts';
import classes from './bulk.module.css';
import {
  type BulkRun,
  EXPECTED_WORDS,
  linesInWords,
  type Outcome,
  OUTCOME_WORDS,
  OUTCOMES,
  sumsOf,
} from './run-view.ts';
import { Sums } from './sums.tsx';

export function Progress({ run }: { readonly run: BulkRun }) {
  const isExpected = run.status === 'ready';
  const { undecided } = run.counts;
  const done = run.lines - undecided;
  // A file whose lines cannot be read has them decided from the start.
  const count = (outcome: Outcome): number => run.counts[outcome] + (isExpected ? (run.expected?.[outcome] ?? 0) : 0);
  const words = isExpected ? EXPECTED_WORDS : OUTCOME_WORDS;
  const shown = OUTCOMES.filter((outcome) => count(outcome) > 0);
  const width = (part: Minor) => ({ width: `${permille(part, run.lines) / 10}%` });
  return (
    <div className={classes.progress}>
      <div
        className={classes.bar}
        data-expected={isExpected || undefined}
        {...(isExpected
          ? { 'aria-hidden': true }
          : {
              role: 'progressbar',
              'aria-label': 'Lines done',
              'aria-valuemin': 0,
              'aria-valuemax': run.lines,
              'aria-valuenow': done,
              'aria-valuetext': `${done} of ${run.lines} lines`,
            })}
      >
        {shown.map((outcome) => (
          <div key={outcome} data-outcome={outcome} style={width(count(outcome))} />
        ))}
      </div>
      <dl className={classes.outcomes}>
        {!isExpected && run.status !== 'done' && (
          <div className={classes.outcome}>
            <dt>So far</dt>
            <dd>
              {done.toLocaleString('en')} of {linesInWords(run.lines)}
            </dd>
          </div>
        )}
        {shown.map((outcome) => (
          <div key={outcome} className={classes.outcome}>
            <dt>
              <span className={classes.dot} data-outcome={outcome} aria-hidden />
              {words[outcome][1]}
            </dt>
            <dd>
              {linesInWords(count(outcome))}
              {(outcome === 'succeeded' || outcome === 'pending_approval') && (
                <div className={classes.below}>
                  <Sums sums={sumsOf(run, outcome, isExpected ? 'expected' : 'decided')} />
                </div>
              )}
            </dd>
          </div>
        ))}
        {isExpected && run.expected === null && (
          <div className={classes.outcome}>
            <dt>Not looked at yet</dt>
            <dd>{linesInWords(undecided)}</dd>
          </div>
        )}
      </dl>
    </div>
  );
}
