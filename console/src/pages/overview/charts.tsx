/** The chart of the overview: a chunk of its own, because nobody waits for them to use the page. */
import '@mantine/charts/styles.css';
import { BarChart } from '@mantine/charts';
import type { Series } from './overview-data.ts';

export interface ChartSeries {
  readonly name: string;
  readonly label: string;
  readonly color: string;
}

interface DailyChartProps {
  readonly days: Series['days'];
  readonly series: readonly ChartSeries[];
}

const WEEKDAY = new Intl.DateTimeFormat('en-GB', { weekday: 'short', day: 'numeric', timeZone: 'UTC' });

/** `Fri 20`. */
export function dayWords(day: string): string {
  return WEEKDAY.format(new Date(`${day}T00:00:00Z`));
}

export function DailyChart({ days, series }: DailyChartProps) {
  return (
    <BarChart
      h={210}
      type="stacked"
      dataKey="day"
      data={days.map(({ day, counts }) => ({ ...counts, day: dayWords(day) }))}
      series={series.map((each) => ({ ...each }))}
      valueFormatter={(count) => count.toLocaleString('en')}
      tickLine="none"
      maxBarWidth={44}
      // The same numbers are in a table for those who cannot see them.
      accessibilityLayer={false}
      barProps={{ isAnimationActive: false }}
      barChartProps={{ margin: { top: 6, right: 4, bottom: 0, left: 0 } }}
      yAxisProps={{ allowDecimals: false, width: 38 }}
    />
  );
}
