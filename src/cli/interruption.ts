/** Ctrl-C and its like: the first one asks a command to finish what is in flight; the second one ends it at once. */

const CODES = { SIGINT: 130, SIGTERM: 143, SIGHUP: 129 } as const;

const controller = new AbortController();
let exitCode: number | null = null;
let isListening = false;

/** Aborted by the first signal. From the first call on, signals no longer end the process by themselves. */
export function interruption(): AbortSignal {
  if (!isListening) {
    isListening = true;
    for (const name of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
      process.on(name, () => {
        // npm passes on what the process group got already: two of the same within a moment are one.
        if (exitCode !== null && performance.now() - interruptedAt > SAME_SIGNAL_MS) process.exit(exitCode);
        if (exitCode !== null) return;
        exitCode = CODES[name];
        interruptedAt = performance.now();
        controller.abort();
      });
    }
  }
  return controller.signal;
}

const SAME_SIGNAL_MS = 500;
let interruptedAt = 0;

/** 128 and the signal's number, as shells have it; `null` when there was no signal. */
export function interruptedExitCode(): number | null {
  return exitCode;
}
