/** What is known of a payment beside its amounts. */
import type { Coupon, Entitlement, Payment } from '../../api/types.ts';
import { sentence } from '../../journal/words.ts';
import { CopyText } from '../../parts/copy-text.tsx';
import { type Fact, Facts } from '../../parts/facts.tsx';
import { Panel } from '../../parts/panel.tsx';
import { ToneBadge } from '../../parts/status-badge.tsx';
import { TimeText } from '../../parts/time-text.tsx';
import classes from './payment.module.css';

export function References({ payment }: { readonly payment: Payment }) {
  const references = Object.entries(payment.references);
  return (
    <Panel title="References">
      <Facts
        stacked
        facts={[
          ...references.map(([namespace, value]): Fact => [
            namespace,
            <CopyText key={namespace} text={value} what={namespace} />,
          ]),
          ['Payment id', <CopyText key="id" text={payment.id} what="payment id" />],
        ]}
      />
    </Panel>
  );
}

const factsOf = (group: object | null, prefix = ''): Fact[] =>
  Object.entries(group ?? {}).map(([name, value]): Fact => [
    prefix === '' ? sentence(name) : `${prefix} ${name.replaceAll('_', ' ')}`,
    typeof value === 'string' ? value : JSON.stringify(value),
  ]);

const METHODS: Readonly<Record<NonNullable<Payment['method']>['type'], string>> = {
  card: 'Card',
  ach: 'ACH',
  carrier: 'Carrier billing',
  other: 'Other',
};
const METHOD_WORDS: Readonly<Record<string, string>> = { first6: 'First six digits', last4: 'Last four digits' };

function methodFacts(method: Payment['method']): Fact[] {
  if (method === null) return [];
  const { type, ...others } = method;
  return [
    ['Method', METHODS[type]],
    ...Object.entries(others).map(([name, value]): Fact => [METHOD_WORDS[name] ?? sentence(name), value]),
  ];
}

export function Details({ payment }: { readonly payment: Payment }) {
  return (
    <Panel title="Details">
      <Facts
        facts={[
          ['Description', payment.description],
          ...factsOf(payment.customer, 'Customer'),
          ...methodFacts(payment.method),
          ['Order', payment.order_number],
          ['Internal transaction', payment.internal_transaction_id],
          ['Merchant’s reference', payment.merchant_transaction_reference],
          ...factsOf(payment.device, 'Terminal'),
          ...Object.entries(payment.metadata).map(([name, value]): Fact => [
            name,
            typeof value === 'string' ? value : JSON.stringify(value),
          ]),
          ['Created', <TimeText key="created" at={payment.created_at} />],
          ['Captured', payment.captured_at === null ? null : <TimeText key="captured" at={payment.captured_at} />],
          ['Last change', <TimeText key="updated" at={payment.updated_at} />],
        ]}
      />
    </Panel>
  );
}

export function Enrolments({ entitlements }: { readonly entitlements: readonly Entitlement[] }) {
  if (entitlements.length === 0) return null;
  return (
    <Panel title="Enrolments">
      <ul className={classes.list}>
        {entitlements.map(({ id, learner, kind, target, active, coupon_id }) => (
          <li key={id} className={classes.item}>
            <span>
              {learner}{' '}
              <span className={classes.dim}>
                {kind === 'program' ? 'program' : 'course session'} {target}
                {coupon_id === null ? '' : ', by coupon'}
              </span>
            </span>
            {active ? <ToneBadge tone="good">Enrolled</ToneBadge> : <ToneBadge tone="calm">Ended</ToneBadge>}
          </li>
        ))}
      </ul>
    </Panel>
  );
}

export function Coupons({ coupons }: { readonly coupons: readonly Coupon[] }) {
  if (coupons.length === 0) return null;
  return (
    <Panel title="Coupons">
      <ul className={classes.list}>
        {coupons.map(({ id, code, status }) => (
          <li key={id} className={classes.item}>
            <CopyText text={code} what="coupon code" />
            {status === 'ACTIVE' ? (
              <ToneBadge tone="good">Valid</ToneBadge>
            ) : (
              <ToneBadge tone="calm">Refunded</ToneBadge>
            )}
          </li>
        ))}
      </ul>
    </Panel>
  );
}
