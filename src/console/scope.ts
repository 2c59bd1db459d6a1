/** What the console's routes are added to, what they need, and how they say for whom they are. */
import type { Access, OperationConfig } from '../api/access.ts';
import type { ApiScope } from '../api/api.ts';
import type { Refundry } from '../engine/refundry.ts';

export type ConsoleScope = ApiScope;

export interface ConsoleContext {
  readonly refundry: Refundry;
}

/** A route's name for metrics, and for whom it is; `callerOf(request)` is then the user who is signed in. */
export const consoleOperation = (name: string, access: Access | 'anyone'): OperationConfig => ({
  protocol: 'console',
  operation: name,
  access,
});
