/** What the server that is asked, and who asks, say to each other beside HTTP. */

/** A route as it was registered: what is there is asked, whoever added it. */
export interface Route {
  readonly method: string;
  readonly url: string;
  readonly protocol: string;
  readonly operation: string;
  readonly access: string | null;
  readonly query: any;
  readonly body: any;
}

export interface Setting {
  readonly port: number;
  readonly routes: readonly Route[];
  readonly merchantId: string;
  /** Ids of what the asking needs itself: nobody is to revoke it. */
  readonly keptIds: readonly string[];
  readonly bbmslKey: string;
  /** A merchant of whom nothing is asked but whether all still works. */
  readonly controlKey: string;
  readonly firstPayment: number;
}

/** What is used up meanwhile. */
export interface Refill {
  readonly lastPayment: number;
  readonly paymentIds: readonly string[];
  readonly partnerSession: readonly [string, string];
  /** Of users by role; `leaving`: to be ended. */
  readonly sessions: Readonly<Record<'admin' | 'operator' | 'read' | 'leaving', string>>;
}

export interface Inspection {
  /** Journal entries since the last time, by what they say of the request: those of requests that nothing may come of. */
  readonly wronglyWritten: readonly string[];
  readonly entries: number;
  /** What was added to what all objects have. */
  readonly pollution: readonly string[];
  readonly logFaults: readonly string[];
  readonly megabytes: number;
}

export type Question =
  { readonly ask: 'refill'; readonly payments: number } | { readonly ask: 'inspect' } | { readonly ask: 'verify' };

/** Requests that nothing may come of carry ids that begin so. */
export const FAULTY_ID = 'faulty-';
