/** Boost Connect "AOC", direct carrier billing: see `docs/protocols/boost-aoc.md`. */
import { OPEN_POLICY } from '../../core/policy.ts';
import type { Dialect, Intent, Operation, Result, WireAnswer } from '../dialect.ts';
import {
  type Fields,
  readChargeId,
  readChargeStatus,
  readClaim,
  readFields,
  readRefund,
  readRefundStatus,
} from './read.ts';
import { CHARGE_NAMESPACE, NAME } from './wire.ts';
import { refuseRefund, writeChargeStatus, writeRefund, writeRefundStatus } from './write.ts';

/** Credentials come in the body, so the body is taken apart first, and no other field is judged before them. */
function operation(
  name: string,
  writes: boolean,
  intent: (fields: Fields) => Intent,
  write: (result: Result, fields: Fields) => WireAnswer,
): Operation {
  return {
    name,
    method: 'POST',
    paths: [`/api/${name}`],
    writes,
    read(request) {
      const fields = readFields(request);
      return {
        claim: readClaim(fields),
        intent: () => intent(fields),
        write: (result) => write(result, fields),
      };
    },
  };
}

export const boostAoc: Dialect = {
  name: NAME,
  title: 'Boost Connect AOC',
  /** The page: full and partial refunds, whose sum does not exceed the charge. */
  policy: OPEN_POLICY,
  references: [
    {
      name: CHARGE_NAMESPACE,
      pattern: /^[\x21-\x7e]{1,255}$/,
      description: 'aocTransID: the id that the AOC gateway gave the charge',
    },
  ],
  credential: {
    lookup: { label: 'username', pattern: /^[\x21-\x7e]{1,64}$/ },
    secrets: ['apiKey'],
    publicKey: false,
    settings: {},
  },
  operations: [
    operation('refund', true, readRefund, (result, fields) => writeRefund(result, readChargeId(fields))),
    operation('refundStatus', false, readRefundStatus, writeRefundStatus),
    operation('chargeStatus', false, readChargeStatus, writeChargeStatus),
  ],
  refuse: (refusal) => refuseRefund(refusal, ''),
  prefix: '/api/',
};
