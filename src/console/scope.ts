/** What the console's routes are added to, what they need, and how they say for whom they are. */
import type { Access, OperationConfig } from '../api/access.ts';
import type { ApiScope } from '../api/api.ts';
import type { Refundry } from '../engine/refundry.ts';

export type ConsoleScope = ApiScope;

/** What opens the doors of a demo, for examples that work: shown where a demo runs, and nowhere else. */
export interface DemoAccess {
  /** Who calls, by protocol: the name, the secrets and the settings of the demo merchant's credential. */
  readonly callers: Readonly<
    Record<
      string,
      {
        readonly lookup: string;
        readonly secrets: readonly string[];
        readonly settings: Readonly<Record<string, string | readonly string[]>>;
      }
    >
  >;
  /** The demo merchant's private key for bbmsl, PEM. */
  readonly bbmslKeyFile: string;
}

export interface ConsoleContext {
  readonly refundry: Refundry;
  /** `null` where no demo runs. */
  readonly demo: DemoAccess | null;
}

/** A route's name for metrics, and for whom it is; `callerOf(request)` is then the user who is signed in. */
export const consoleOperation = (name: string, access: Access | 'anyone'): OperationConfig => ({
  protocol: 'console',
  operation: name,
  access,
});
