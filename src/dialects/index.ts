/** The registry: a dialect is one folder and one line here. */
import type { Dialect } from './dialect.ts';

export const DIALECTS: readonly Dialect[] = [];
