/** What operators watch. Watching must not change what happens: an observer that throws disturbs nobody else. */
import type { Command } from '../core/command.ts';
import type { Outcome } from '../core/outcome.ts';

export { databaseTrouble, type TroubleKind } from '../store/trouble.ts';

export interface EngineObserver {
  readonly batch?: (bucket: number, commands: number, milliseconds: number) => void;
  readonly outcome?: (command: Command, outcome: Outcome) => void;
  /** A batch failed and its callers were told that nothing happened, or will be retried; a clock is wrong; or an observer threw. */
  readonly trouble?: (message: string, error: unknown) => void;
  /** An exception inside the rules: a mistake of Refundry's, for one command. */
  readonly bug?: (command: Command, error: unknown) => void;
}

/** The same observer, whose callbacks never throw: what they throw is told to `trouble`. */
export function guarded(observer: EngineObserver): Required<EngineObserver> {
  const guard =
    <Facts extends readonly unknown[]>(
      watch: ((...facts: Facts) => void) | undefined,
      failed: (error: unknown) => void,
    ) =>
    (...facts: Facts): void => {
      try {
        watch?.(...facts);
      } catch (error) {
        failed(error);
      }
    };
  // Whoever cannot even be told of trouble cannot be told that.
  const trouble = guard(observer.trouble, () => undefined);
  const report = (error: unknown): void => trouble('an observer failed', error);
  return {
    batch: guard(observer.batch, report),
    outcome: guard(observer.outcome, report),
    trouble,
    bug: guard(observer.bug, report),
  };
}
