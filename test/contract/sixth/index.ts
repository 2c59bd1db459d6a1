/**
 * A sixth dialect, as small as one can be: one folder, and one line in the registry. It speaks lines of `name=value` and
 * knows one operation.
 */
import { errorDefinition, invalidParameter, type Refusal, Refused } from '../../../src/core/errors.ts';
import { decodeUtf8, JsonFault, textFault } from '../../../src/core/json.ts';
import { decimalFault, formatMajor } from '../../../src/core/money.ts';
import { OPEN_POLICY } from '../../../src/core/policy.ts';
import type { Dialect, Result, WireAnswer } from '../../../src/dialects/dialect.ts';

const TICKET = 'sixth.ticket';

function answer(status: number, lines: Readonly<Record<string, string>>): WireAnswer {
  const body = Object.entries(lines).map(([name, value]) => `${name}=${value}\n`);
  return { status, contentType: 'text/plain; charset=utf-8', body: body.join('') };
}

function refuse({ code, message }: Refusal): WireAnswer {
  return answer(errorDefinition(code).status, { result: 'refused', code, why: message });
}

function write(result: Result): WireAnswer {
  if (result.kind === 'refused') return refuse(result.refusal);
  if (result.kind !== 'outcome') throw new Error(`a refund has no ${result.kind}`);
  const { refusal, refund } = result.outcome;
  if (refusal !== null) return refuse(refusal);
  if (refund === null) throw new Error('an accepted refund has a row');
  const amount = formatMajor(refund.amountMinor, refund.currency);
  return refund.status === 'succeeded'
    ? answer(200, { result: 'refunded', id: refund.id, amount })
    : answer(202, { result: 'waiting', id: refund.id, amount });
}

function readLines(body: Uint8Array): ReadonlyMap<string, string> {
  try {
    const lines = decodeUtf8(body)
      .split('\n')
      .filter((line) => line !== '');
    return new Map(lines.map((line) => [line.split('=', 1).join(), line.slice(line.indexOf('=') + 1)]));
  } catch (error) {
    if (error instanceof JsonFault) throw new Refused(invalidParameter('body', error.message));
    throw error;
  }
}

function required(lines: ReadonlyMap<string, string>, name: string): string {
  const value = lines.get(name) ?? '';
  const fault = value.trim() === '' ? 'is missing' : textFault(value);
  if (fault !== null) throw new Refused(invalidParameter(name, fault));
  return value;
}

export const sixth: Dialect = {
  name: 'sixth',
  title: 'A sixth protocol',
  policy: OPEN_POLICY,
  references: [{ name: TICKET, pattern: /^[a-z0-9-]{1,64}$/, description: 'The ticket of the sale' }],
  credential: { lookup: null, secrets: ['key'], publicKey: false, settings: {} },
  operations: [
    {
      name: 'refund',
      method: 'POST',
      paths: ['/sixth/refund'],
      writes: true,
      read: ({ headers, body }) => ({
        claim: { kind: 'secrets', lookup: null, secrets: [headers['x-sixth-key'] ?? ''] },
        intent() {
          const lines = readLines(body);
          const ticket = required(lines, 'ticket');
          const text = required(lines, 'amount');
          const fault = decimalFault(text);
          if (fault !== null) throw new Refused(invalidParameter('amount', fault));
          const reason = lines.get('reason');
          return {
            kind: 'command',
            action: {
              kind: 'refund_payment',
              payment: { references: [{ namespace: TICKET, value: ticket }] },
              amount: { kind: 'major', text },
              reference: null,
              details: reason === undefined ? {} : { reason },
              expectedRefundableMinor: null,
            },
          };
        },
        write,
      }),
    },
  ],
  refuse,
  prefix: '/sixth/',
};
