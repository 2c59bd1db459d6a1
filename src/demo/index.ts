/**
 * Demo data: the partners' own examples, so that their pages' calls work as they stand. Made once: each piece is only made
 * if it is not there. Demo credentials are marked as such and work in demo mode only.
 */
import { generateKeyPairSync } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Action, Command, RegisterPayment } from '../core/command.ts';
import type { Outcome } from '../core/outcome.ts';
import { type AmountByCurrency, OPEN_POLICY } from '../core/policy.ts';
import { CONSOLE_PROTOCOL, type UserRole } from '../core/user.ts';
import { type CredentialRequest, issueCredential, NATIVE_PROTOCOL } from '../dialects/issue.ts';
import { readReferences } from '../dialects/references.ts';
import type { Refundry } from '../engine/refundry.ts';
import { newUser } from '../engine/users.ts';

/** One merchant who speaks all protocols. In bucket 0, which every database has. */
export const DEMO_MERCHANT_ID = '0198f1d0-0000-7000-8000-00000000de30';

/** Keys of the native API in demo mode. */
export const DEMO_KEYS = {
  admin: 'rk_demo_admin',
  merchant: 'rk_demo_merchant',
  approver: 'rk_demo_approver',
  read: 'rk_demo_read',
} as const;

/** Users of the console in demo mode: one click signs in, there is no password. */
const USERS: readonly { name: string; label: string; role: UserRole; limits?: AmountByCurrency }[] = [
  { name: 'admin@demo', label: 'Demo administrator', role: 'admin' },
  {
    name: 'operator@demo',
    label: 'Demo operator',
    role: 'operator',
    limits: { USD: 10_000n, MYR: 10_000n, JPY: 10_000n },
  },
  { name: 'approver@demo', label: 'Demo approver', role: 'approver' },
  { name: 'viewer@demo', label: 'Demo viewer', role: 'read' },
];

interface DemoCaller {
  /** Empty where the protocol has no name to send. */
  readonly lookup: string;
  readonly secrets: readonly string[];
  readonly settings: Readonly<Record<string, string | readonly string[]>>;
}

/** The demo merchant in the partners' protocols: as the partners' pages have it, where they have it. */
const CALLERS: Readonly<Record<string, DemoCaller>> = {
  'boost-aoc': { lookup: 'test', secrets: ['Ofa3M7zS2c3'], settings: {} },
  bbmsl: { lookup: '3', secrets: [], settings: {} },
  payengine: { lookup: '', secrets: ['sk_demo_payengine'], settings: {} },
  'payment-options': {
    lookup: '',
    secrets: ['demo-basic-key', 'demo-x-api-key'],
    settings: { mid: 'M-TINK15', legal_name: 'Tink15 Factory' },
  },
  edubrite: { lookup: 'edubrite-demo', secrets: ['edubrite-demo'], settings: { administrators: ['chenry'] } },
};

type DemoPayment = Partial<Omit<RegisterPayment, 'references'>> &
  Pick<RegisterPayment, 'amountMinor' | 'currency'> & { readonly references: Readonly<Record<string, string>> };

const PAYMENTS: readonly DemoPayment[] = [
  {
    amountMinor: 1_000n,
    currency: 'MYR',
    references: { 'boost-aoc.aocTransID': '12345' },
    details: { method: { type: 'carrier' }, customer: { phone: '60123456789' } },
  },
  {
    amountMinor: 1_500n,
    currency: 'USD',
    references: { 'bbmsl.orderId': '4922', 'bbmsl.merchantReference': '1655817171' },
    details: { method: { type: 'card', scheme: 'VISA', first6: '400000', last4: '0028' } },
    createdAt: Date.parse('2022-06-21T13:13:10.000Z'),
  },
  {
    amountMinor: 2_500n,
    currency: 'USD',
    references: { 'payengine.id': '9a0df7ef-b77f-4525-97e1-f41a98ad7f75' },
    details: {
      method: { type: 'card', scheme: 'visa', last4: '1111', token: 'tok_demo_visa' },
      orderNumber: 'ORD-1001',
    },
  },
  {
    amountMinor: 12_000n,
    currency: 'USD',
    references: { 'payengine.id': '5c7f3d0a-6c1e-4f0e-8a53-0d1f6b2c9e11' },
    details: {
      method: { type: 'ach', last4: '6789', routingNumber: '110000000', token: 'tok_demo_ach' },
      orderNumber: 'ORD-1002',
    },
  },
  {
    amountMinor: 4_250n,
    currency: 'USD',
    references: { 'payengine.id': 'e1b1f0a2-93ad-4f0e-9a55-7b0f64c2d233' },
    details: {
      method: { type: 'card', scheme: 'mastercard', last4: '4444', token: 'tok_demo_mastercard' },
      orderNumber: 'ORD-1003',
      device: {
        id: 'dev-7',
        type: 'terminal',
        name: 'Front counter',
        model: 'T650',
        serialNumber: 'SN-0007',
        os: 'Android',
      },
    },
  },
  {
    amountMinor: 1_000n,
    currency: 'JPY',
    references: { 'payment-options.transactionId': '9dfd39ec-eb4a-4f8b-a526-17abf140a717' },
    details: {
      method: {
        type: 'card',
        scheme: 'MASTERCARD',
        first6: '520000',
        last4: '1005',
        expiryMonth: '12',
        expiryYear: '24',
        holderName: 'John Doe',
        authorizationCode: '264302',
        processorMethod: 'ECMC-SSL',
      },
      merchantTransactionReference: 'qwe',
    },
  },
  {
    amountMinor: 4_999n,
    currency: 'USD',
    references: { 'edubrite.id': '5f0c2c5e-8f0e-4b0e-9d0a-0cc47a352511' },
    entitlements: [{ learner: 'jdoe', kind: 'course_session', target: 'cs-2026-spring-101', viaCoupon: false }],
  },
  {
    amountMinor: 30_000n,
    currency: 'USD',
    references: { 'edubrite.id': '7a1d3d6f-9a1f-4c1f-8e1b-0cc47a352512' },
    couponCode: 'GROUP-3',
    entitlements: ['asmith', 'bjones', 'cwhite'].map((learner) => ({
      learner,
      kind: 'program' as const,
      target: 'ps-2026-leadership',
      viaCoupon: true,
    })),
  },
  {
    amountMinor: 4_999n,
    currency: 'USD',
    references: { 'edubrite.id': '34669703-f5b3-11e7-a6ac-0cc47a352510' },
  },
  // One payment that two partners know: half through each.
  {
    amountMinor: 10_000n,
    currency: 'USD',
    references: { 'boost-aoc.aocTransID': 'BOTH-1', 'payengine.id': 'BOTH-1', 'native.reference': 'order-both' },
  },
  // Above the demo policy's limit: a second person must approve.
  { amountMinor: 90_000n, currency: 'USD', references: { 'native.reference': 'order-900' } },
];

const REFUNDED_INVOICE = '34669703-f5b3-11e7-a6ac-0cc47a352510';

/** Where the demo merchant's RSA key pair for bbmsl is kept. */
export function demoKeyFiles(home: string): { readonly privateKey: string; readonly publicKey: string } {
  return {
    privateKey: join(home, 'demo', 'bbmsl-private-key.pem'),
    publicKey: join(home, 'demo', 'bbmsl-public-key.pem'),
  };
}

/** Makes what is missing of the demo data. `home` is where the demo's RSA key pair lives. */
export async function seedDemo(refundry: Refundry, home: string): Promise<void> {
  const run = async (
    action: Action,
    merchantId: string | null,
    idempotencyKey: string | null = null,
  ): Promise<Outcome> => {
    const command: Command = {
      merchantId,
      actor: 'demo',
      protocol: NATIVE_PROTOCOL,
      requestId: 'demo',
      idempotencyKey,
      protocolPolicy: null,
      action,
    };
    const outcome = await refundry.execute(command);
    if (outcome.refusal !== null) throw new Error(`demo data: ${outcome.refusal.code}: ${outcome.refusal.message}`);
    return outcome;
  };

  if ((await refundry.accounts.merchant(DEMO_MERCHANT_ID)) === null) {
    const policy = { ...OPEN_POLICY, approvalAboveMinor: { USD: 50_000n } };
    await run({ kind: 'create_merchant', name: 'Demo Store', policy }, DEMO_MERCHANT_ID);
  }
  const publicKey = makeKeyPair(home);
  for (const { request, merchantId } of credentials(publicKey)) {
    const { credential } = issueCredential(request);
    const live = await refundry.accounts.liveCredentials(credential.protocol, credential.lookup);
    const isThere = live.some(({ publicKey: key, demo }) => demo && key === credential.publicKey);
    if (!isThere) await run({ kind: 'create_credential', credential }, merchantId);
  }
  for (const user of USERS) {
    const live = await refundry.accounts.liveCredentials(CONSOLE_PROTOCOL, user.name);
    if (live.some(({ demo }) => demo)) continue;
    await run({ kind: 'create_credential', credential: await newUser({ ...user, password: null }) }, null);
  }
  for (const { references, ...payment } of PAYMENTS) {
    await run(
      {
        kind: 'register_payment',
        status: 'captured',
        details: {},
        entitlements: [],
        couponCode: null,
        createdAt: null,
        capturedAt: null,
        ifSame: 'return_existing',
        references: readReferences(references),
        ...payment,
      },
      DEMO_MERCHANT_ID,
    );
  }
  await run(
    {
      kind: 'refund_payment',
      payment: { references: [{ namespace: 'edubrite.id', value: REFUNDED_INVOICE }] },
      amount: { kind: 'all' },
      reference: null,
      details: {},
      expectedRefundableMinor: null,
    },
    DEMO_MERCHANT_ID,
    'demo-refunded-invoice',
  );
}

/** The demo's key pair for bbmsl, made at the first start; returns the public key, PEM. */
function makeKeyPair(home: string): string {
  const files = demoKeyFiles(home);
  if (!existsSync(files.publicKey)) {
    const pair = generateKeyPairSync('rsa', {
      modulusLength: 2048,
      publicKeyEncoding: { type: 'spki', format: 'pem' },
      privateKeyEncoding: { type: 'pkcs8', format: 'pem' },
    });
    mkdirSync(join(home, 'demo'), { recursive: true });
    writeFileSync(files.privateKey, pair.privateKey, { mode: 0o600 });
    // Last: where it is, both are.
    writeFileSync(files.publicKey, pair.publicKey);
  }
  return readFileSync(files.publicKey, 'utf8');
}

function credentials(publicKey: string): readonly { request: CredentialRequest; merchantId: string | null }[] {
  const forMerchant = (request: Omit<CredentialRequest, 'role' | 'label'>) => ({
    request: { role: 'merchant' as const, label: `Demo ${request.protocol}`, ...request },
    merchantId: DEMO_MERCHANT_ID,
  });
  return [
    {
      request: {
        protocol: NATIVE_PROTOCOL,
        role: 'admin',
        label: 'Demo administrator',
        demoSecrets: [DEMO_KEYS.admin],
      },
      merchantId: null,
    },
    forMerchant({ protocol: NATIVE_PROTOCOL, demoSecrets: [DEMO_KEYS.merchant] }),
    forMerchant({ protocol: NATIVE_PROTOCOL, demoSecrets: [DEMO_KEYS.approver] }),
    {
      request: { protocol: NATIVE_PROTOCOL, role: 'read', label: 'Demo reader', demoSecrets: [DEMO_KEYS.read] },
      merchantId: DEMO_MERCHANT_ID,
    },
    ...Object.entries(CALLERS).map(([protocol, { lookup, secrets, settings }]) =>
      forMerchant({
        protocol,
        demoSecrets: secrets,
        settings,
        ...(lookup === '' ? {} : { lookup }),
        ...(protocol === 'bbmsl' ? { publicKey } : {}),
      }),
    ),
  ];
}

/** What opens the partners' doors to the demo, for whoever shows how. */
export function demoAccess(home: string): { readonly callers: typeof CALLERS; readonly bbmslKeyFile: string } {
  return { callers: CALLERS, bbmslKeyFile: demoKeyFiles(home).privateKey };
}

/** The five partners' example calls against a demo server, for a person to paste; `home` unless it is the default one. */
export function demoCalls(
  base: string,
  home: string | null = null,
): readonly { readonly title: string; readonly command: string }[] {
  const environment = home === null ? '' : `REFUNDRY_HOME='${home.replaceAll("'", `'\\''`)}' `;
  return [
    {
      title: 'boost-aoc: 1.00 of MYR 10.00 (a second call with the same spTransID is AOC1001)',
      command: `curl -s ${base}/api/refund -H 'Content-Type: application/x-www-form-urlencoded' -d '{"apiKey":"Ofa3M7zS2c3","username":"test","spTransID":"201903192030-test1","aocTransID":"12345","amount":"1.00"}'`,
    },
    {
      title: 'bbmsl: USD 10 of 15.00, signed with the demo key',
      command: `${environment}npm run --silent refundry -- sign '{"merchantId":3,"orderId":4922,"amount":10}' | curl -s ${base}/hosted-checkout/refund -H 'Content-Type: application/json' -d @-`,
    },
    {
      title: 'payengine: USD 10 of 25.00',
      command: `curl -s ${base}/api/payment/refund -H 'Authorization: Basic sk_demo_payengine' -H 'Content-Type: application/json' -d '{"id":"9a0df7ef-b77f-4525-97e1-f41a98ad7f75","amount":10,"reason":"Discount issued","internalTransactionID":"121212","metadata":{"customerId":"123","email":"[email protected]"}}'`,
    },
    {
      title: 'payment-options: JPY 1000 of 1000',
      command: `curl -s ${base}/api/v1/api/v1/server-to-server-interface/refund -H 'Authorization: demo-basic-key' -H 'Content-Type: application/json' -H 'x-api-key: demo-x-api-key' -d '{"transactionId":"9dfd39ec-eb4a-4f8b-a526-17abf140a717","amount":1000,"merchant_id":"M-TINK15","notes":"Refund amout captured/purchased"}'`,
    },
    {
      title: 'edubrite: sign in, then refund an invoice as its administrator',
      command: `J=$(mktemp) && curl -s -o /dev/null -c $J ${base}/oltpublish/site/connect.do && curl -s -o /dev/null -b $J -c $J '${base}/oltpublish/site/connect.do?username=edubrite-demo&password=edubrite-demo' && curl -s -b $J ${base}/oltpublish/site/paymentTxnService.do -H 'REAL_UNAME: chenry' -d dispatch=refund -d id=5f0c2c5e-8f0e-4b0e-9d0a-0cc47a352511`,
    },
  ];
}
