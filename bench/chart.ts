/** `npm run bench:chart`: draws bench/results/load.json as docs/performance.svg. */
import { writeFile } from 'node:fs/promises';
import { type Line, readReport } from './kit/report.ts';

const WIDTH = 760;
const LEFT = 250;
const ROW = 30;
const TOP = 56;
const BAR = 18;

const report = await readReport('load');
if (report === null) throw new Error('bench/results/load.json is missing: run `npm run bench` first');
const rates = report.lines.filter(({ unit }) => unit === 'refunds/s' || unit === 'tps');
const most = Math.max(...rates.map(({ value }) => value));
const { machine } = report;

const escape = (text: string): string => text.replaceAll('&', '&amp;').replaceAll('<', '&lt;');
const nameOf = ({ what }: Line): string => what.replace(/ ÷ .*/, '').replace(', 256 connections', '');

const bars = rates.map((line, index) => {
  const y = TOP + index * ROW;
  const width = Math.max(1, (line.value / most) * (WIDTH - LEFT - 90));
  const kind = line.unit === 'tps' ? 'database' : line.what.startsWith('the ordinary') ? 'ordinary' : 'refundry';
  return `  <text x="${LEFT - 10}" y="${y + 13}" text-anchor="end">${escape(nameOf(line))}</text>
  <rect class="${kind}" x="${LEFT}" y="${y}" width="${width.toFixed(1)}" height="${BAR}" rx="2"/>
  <text x="${(LEFT + width + 8).toFixed(1)}" y="${y + 13}">${Math.round(line.value).toLocaleString('en')}</text>`;
});

const title = 'Refunds per second, and transactions of PostgreSQL’s own benchmark';
const subtitle = `${machine.cores} cores, load generator included; PostgreSQL ${machine.postgres} with default settings; medians of ${rates[0]?.rounds.length ?? 0} rounds`;
await writeFile(
  new URL('../docs/performance.svg', import.meta.url),
  `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${TOP + rates.length * ROW + 10}" role="img" aria-label="${title}">
  <style>
    text { font: 13px system-ui, sans-serif; fill: #1f2933; }
    .small { font-size: 11px; fill: #52606d; }
    .title { font-weight: 600; font-size: 15px; }
    .database { fill: #9aa5b1; } .ordinary { fill: #d9a441; } .refundry { fill: #2f7d6d; }
    @media (prefers-color-scheme: dark) { text { fill: #e4e7eb; } .small { fill: #9aa5b1; } .database { fill: #616e7c; } .refundry { fill: #57ae9b; } }
  </style>
  <text class="title" x="12" y="22">${escape(title)}</text>
  <text class="small" x="12" y="40">${escape(subtitle)}</text>
${bars.join('\n')}
</svg>
`,
);
console.log('written to docs/performance.svg');
