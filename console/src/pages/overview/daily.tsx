import { Skeleton } from '@mantine/core';
import { lazy, Suspense } from 'react';
import { useSearchParams } from 'react-router';
import { protocolWords } from '../../journal/words.ts';
import { withFilter } from '../../lists/filters.ts';
import { ChoicePills } from '../../parts/choice-pills.tsx';
import { EmptyState } from '../../parts/empty-state.tsx';
import { Panel } from '../../parts/panel.tsx';
import { statusWords } from '../../parts/status-badge.tsx';
import type { ChartSeries } from './charts.tsx';
import classes from './overview.module.css';
import { type Dimension, type Overview, perDay } from './overview-data.ts';

const DailyChart = lazy(async () => ({ default: (await import('./charts.tsx')).DailyChart }));

const OUTCOME_COLORS: Readonly<Record<string, string>> = {
  succeeded: 'var(--good-bar)',
  pending_approval: 'var(--wait-bar)',
  refused: 'var(--refused-bar)',
  reversed: 'var(--series-4)',
};

/** How many colours there are for protocols, in the style sheet. */
const COLORS = 8;

interface DailyProps {
  readonly refunds: Overview['refunds'];
  readonly days: readonly string[];
}

/** How many refunds each of the last days had. */
export function Daily({ refunds, days }: DailyProps) {
  const [parameters, setParameters] = useSearchParams();
  const dimension: Dimension = parameters.get('by') === 'protocol' ? 'protocol' : 'outcome';
  const { names, days: counts } = perDay(refunds, days, dimension);
  // By name, not by rank: a protocol keeps its colour while the numbers change.
  const byName = [...names].sort();
  const series = names.map((name): ChartSeries => ({
    name,
    label: dimension === 'outcome' ? statusWords(name) : protocolWords(name),
    color:
      dimension === 'outcome'
        ? (OUTCOME_COLORS[name] ?? 'var(--calm-bar)')
        : `var(--series-${(byName.indexOf(name) % COLORS) + 1})`,
  }));
  return (
    <Panel
      title={`Refunds of the last ${days.length} days`}
      aside={
        <ChoicePills
          label="Count by"
          value={dimension}
          choices={[
            { value: 'outcome', words: 'By outcome' },
            { value: 'protocol', words: 'By protocol' },
          ]}
          onChange={(value) =>
            setParameters((before) => withFilter(before, 'by', value === 'outcome' ? null : value), { replace: true })
          }
        />
      }
    >
      {series.length === 0 ? (
        <EmptyState title="There were no refunds on these days" />
      ) : (
        <figure className={classes.figure}>
          <Suspense fallback={<Skeleton h={210} animate={false} />}>
            <DailyChart days={counts} series={series} />
          </Suspense>
          <figcaption className={classes.legend}>
            {series.map(({ name, label, color }) => (
              <span key={name}>
                <i style={{ background: color }} />
                {label}
              </span>
            ))}
          </figcaption>
          <div className="visually-hidden">
            <table>
              <caption>Refunds per day</caption>
              <thead>
                <tr>
                  <th scope="col">Day</th>
                  {series.map(({ name, label }) => (
                    <th key={name} scope="col">
                      {label}
                    </th>
                  ))}
                </tr>
              </thead>
              <tbody>
                {counts.map((each) => (
                  <tr key={each.day}>
                    <th scope="row">{each.day}</th>
                    {series.map(({ name }) => (
                      <td key={name}>{each.counts[name] ?? 0}</td>
                    ))}
                  </tr>
                ))}
              </tbody>
            </table>
          </div>
        </figure>
      )}
    </Panel>
  );
}
