/**
 * What a partner's protocol says of a payment, in its own words: the question is the page's example, asked of the dialect
 * itself; who asks is taken as proven, and nothing is executed.
 */
import type { Credential } from '../core/account.ts';
import type { MerchantCaller } from '../core/caller.ts';
import type { Outcome } from '../core/outcome.ts';
import { type Backstage, converse } from '../dialects/converse.ts';
import type { Dialect, WireAnswer } from '../dialects/dialect.ts';
import type { PaymentView } from '../store/read.ts';
import { type ProtocolExample, PROTOCOL_EXAMPLES } from './protocol-examples.ts';

export interface ProtocolAnswer {
  readonly operation: string;
  readonly answer: WireAnswer;
}

/** What is known of the payment. */
export interface Told {
  readonly view: PaymentView;
  /** The last attempt to refund it, as it is now; `null` without one. */
  readonly lastRefund: Outcome | null;
  /** The merchant's name, and a live credential for the protocol if there is one. */
  readonly merchantName: string;
  readonly credential: Credential | null;
}

/** `null` where the protocol does not know the payment, or has nothing to tell of it yet. */
export async function answerAbout(
  dialect: Dialect,
  told: Told,
  requestId: string,
  onBug: (error: unknown) => void,
): Promise<ProtocolAnswer | null> {
  const example = PROTOCOL_EXAMPLES[dialect.name]?.find(({ tells }) => tells !== null);
  const operation = dialect.operations.find(
    ({ name, method }) => name === example?.operation && method === example.method,
  );
  const reference = dialect.references
    .map(({ name }) => told.view.payment.references.find(({ namespace }) => namespace === name))
    .find((found) => found !== undefined);
  if (example === undefined || operation === undefined || reference === undefined) return null;
  if (example.tells === 'refund' && told.lastRefund === null) return null;
  const caller = callerOf(told);
  const { body, headers, contentType } = example.request({ ...caller, secrets: ['-', '-'] }, reference);
  const { answer } = await converse(
    dialect,
    operation,
    {
      method: example.method,
      path: example.path,
      query: '',
      headers: {
        ...Object.fromEntries(Object.entries(headers).map(([name, value]) => [name.toLowerCase(), value])),
        ...(contentType === null ? {} : { 'content-type': contentType }),
        cookie: 'SESSION_ID=-; SESSION_INFO=-',
      },
      body: Buffer.from(example.isSigned === true ? enveloped(body) : body),
    },
    requestId,
    backstage(told, caller, example),
    onBug,
  );
  return { operation: example.operation, answer };
}

/** As signed requests come; the signature is not looked at here. */
const enveloped = (request: string): string => JSON.stringify({ request, signature: 'AA==' });

function backstage(told: Told, caller: MerchantCaller, { tells }: ProtocolExample): Backstage {
  const never = (): never => {
    throw new Error(`telling of a payment by its ${tells} needs none of this`);
  };
  return {
    authenticate: () => Promise.resolve(caller),
    execute: () => (tells === 'refund' && told.lastRefund !== null ? Promise.resolve(told.lastRefund) : never()),
    findPayment: () => Promise.resolve(told.view),
    findRefund: never,
    openSession: never,
    signIn: never,
    signOut: never,
  };
}

/** The merchant's own credential where there is one; else one that says what answers need. */
function callerOf({ view, merchantName, credential }: Told): MerchantCaller {
  return {
    merchantId: view.payment.merchantId,
    merchantName,
    credentialId: credential?.id ?? view.payment.merchantId,
    role: 'merchant',
    lookup: credential?.lookup ?? '1',
    settings: credential?.settings ?? { mid: merchantName, legal_name: merchantName, administrators: ['console'] },
    demo: credential?.demo ?? false,
  };
}
