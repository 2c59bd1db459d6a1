/** What a command answers when the answer is no: one sentence, `code: message`, and an exit code that a script can act on. */
import type { ErrorCode, Refusal, RefusalFacts } from '../core/errors.ts';

export const EXIT = {
  ok: 0,
  /** Refundry's rules, or what is in the books, say no; asking again says the same. */
  refused: 1,
  /** The question could not be asked, or not be answered: wrong usage, wrong configuration, no database. */
  cannotRun: 2,
} as const;

export type ExitCode = (typeof EXIT)[keyof typeof EXIT];

/** Refusals that say nothing about the books: the same command may well succeed later, or when spelled right. */
const CANNOT_RUN: ReadonlySet<ErrorCode> = new Set([
  'unauthenticated',
  'rate_limited',
  'invalid_request',
  'overloaded',
  'outcome_unknown',
  'internal_error',
]);

/** An expected failure: it is shown as one sentence, without a stack trace. */
export class Failure extends Error {
  readonly code: string;
  readonly exitCode: ExitCode;
  readonly facts: RefusalFacts;

  constructor(code: string, message: string, exitCode: ExitCode = EXIT.cannotRun, facts: RefusalFacts = {}) {
    super(message);
    this.name = 'Failure';
    this.code = code;
    this.exitCode = exitCode;
    this.facts = facts;
  }

  static from(refusal: Refusal): Failure {
    const exitCode = CANNOT_RUN.has(refusal.code) ? EXIT.cannotRun : EXIT.refused;
    return new Failure(refusal.code, refusal.message, exitCode, refusal.facts);
  }
}

/** The command was called in a way that means nothing. */
export function usage(message: string): Failure {
  return new Failure('usage', message);
}
