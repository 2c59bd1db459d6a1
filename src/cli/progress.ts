/** How far a long command has come: a bar on a terminal, a line every few seconds in a log. Always on standard error. */
import progress from 'cli-progress';
import { note } from './output.ts';

/** Often enough to see that it lives, rare enough for a log. */
const LINE_MS = 5_000;

export interface Progress {
  /** `done` of `total`, in whatever unit; `words` says it for people. */
  update(done: number, total: number, words: string): void;
  /** Takes the bar away. */
  stop(): void;
}

export function startProgress(what: string): Progress {
  return process.stderr.isTTY ? bar(what) : lines(what);
}

function bar(what: string): Progress {
  const bar = new progress.SingleBar({
    format: `${what} {bar} {percentage} % | {words} | {eta_formatted} left`,
    stream: process.stderr,
    barsize: 24,
    barCompleteChar: '█',
    barIncompleteChar: '░',
    hideCursor: true,
    clearOnComplete: true,
    // Ctrl-C is ours: what is in flight is finished first.
    gracefulExit: false,
  });
  let isStarted = false;
  return {
    update(done, total, words) {
      if (!isStarted) bar.start(total, done, { words });
      isStarted = true;
      if (total !== bar.getTotal()) bar.setTotal(total);
      bar.update(done, { words });
    },
    stop() {
      if (isStarted) bar.stop();
    },
  };
}

function lines(what: string): Progress {
  let next = performance.now() + LINE_MS;
  return {
    update(done, total, words) {
      const now = performance.now();
      if (now < next) return;
      next = now + LINE_MS;
      const percent = total === 0 ? '' : `${Math.floor((100 * done) / total)} %, `;
      note(`${what}: ${percent}${words}`);
    },
    stop() {
      // Nothing is left on the screen.
    },
  };
}
