import type { Findings } from './findings.ts';

/** Why the quick proof stopped: something does not fit, and the walk that names what it is must look. */
export class Doubt extends Error {
  /** The books may be whole, but are beyond what the quick proof can add up. */
  readonly isOfSize: boolean;

  constructor(message: string, isOfSize = false) {
    super(message);
    this.name = 'Doubt';
    this.isOfSize = isOfSize;
  }
}

/** Throws `Doubt` when anything was found. */
export function assertNothing({ kept: [first] }: Findings): void {
  if (first !== undefined) throw new Doubt(`${first.table} ${first.row}: ${first.problem}`);
}
