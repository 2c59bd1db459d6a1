/** The fields that filter a list. What they hold is in the URL; what is typed goes there after a pause. */
import { Button, NativeSelect, TextInput } from '@mantine/core';
import { useDebouncedCallback, useDisclosure } from '@mantine/hooks';
import { IconFilter } from '@tabler/icons-react';
import { useQuery } from '@tanstack/react-query';
import { useEffect, useState } from 'react';
import { useSearchParams } from 'react-router';
import { merchantsQuery } from '../api/queries.ts';
import { useSession } from '../app/session.tsx';
import { CURRENCIES } from '../money/exponents.ts';
import { statusWords } from '../parts/status-badge.tsx';
import classes from './filter-bar.module.css';
import { type FilterName, type Filters, FILTERS, withFilter } from './filters.ts';

interface FilterBarProps {
  readonly filters: Filters;
  readonly problems: Readonly<Partial<Record<FilterName, string>>>;
  readonly set: (name: FilterName, value: string | null) => void;
  readonly statuses: readonly string[];
  /** Whether there is something to dispute. */
  readonly withDisputed?: boolean;
}

export function FilterBar({ filters, problems, set, statuses, withDisputed = false }: FilterBarProps) {
  const [isOpen, { toggle }] = useDisclosure(false);
  const [, setParameters] = useSearchParams();
  const count = FILTERS.filter((name) => filters[name] !== undefined).length;
  const field = (name: FilterName) => ({ name, value: filters[name] ?? '', problem: problems[name], set });
  return (
    <div className={classes.bar} data-open={isOpen || undefined} role="group" aria-label="Filters">
      <Button
        className={classes.toggle ?? ''}
        variant="default"
        leftSection={<IconFilter size={15} aria-hidden />}
        aria-expanded={isOpen}
        onClick={toggle}
      >
        {count === 0 ? 'Filters' : `Filters (${count})`}
      </Button>
      <div className={classes.fields}>
        <TextField {...field('reference')} label="Reference" wide />
        <MerchantField {...field('merchant')} />
        <Choice {...field('status')} label="Status" options={statuses.map((value) => [value, statusWords(value)])} />
        {withDisputed && (
          <Choice
            {...field('disputed')}
            label="Dispute"
            options={[
              ['true', 'Disputed'],
              ['false', 'Not disputed'],
            ]}
          />
        )}
        <Choice {...field('currency')} label="Currency" options={CURRENCIES.map((code) => [code, code])} />
        <TextField {...field('min')} label="Amount from" inputMode="decimal" />
        <TextField {...field('max')} label="Amount to" inputMode="decimal" />
        <TextField {...field('from')} label="From day" type="date" />
        <TextField {...field('to')} label="Through day" type="date" />
        {count > 0 && (
          <Button
            className={classes.clear ?? ''}
            variant="subtle"
            size="xs"
            onClick={() => {
              setParameters((before) => FILTERS.reduce((left, name) => withFilter(left, name, null), before), {
                replace: true,
              });
            }}
          >
            Clear
          </Button>
        )}
      </div>
    </div>
  );
}

interface FieldProps {
  readonly name: FilterName;
  readonly value: string;
  readonly problem: string | undefined;
  readonly set: (name: FilterName, value: string | null) => void;
}

/** Long enough to finish a word, short enough to feel immediate. */
const PAUSE_MS = 300;

interface TextFieldProps extends FieldProps {
  readonly label: string;
  readonly type?: 'text' | 'date';
  readonly inputMode?: 'text' | 'decimal';
  readonly wide?: boolean;
}

function TextField({ name, value, problem, set, label, wide = false, ...input }: TextFieldProps) {
  const [text, setText] = useState(value);
  useEffect(() => setText(value), [value]);
  const publish = useDebouncedCallback((typed: string) => set(name, typed), PAUSE_MS);
  return (
    <TextInput
      {...input}
      size="xs"
      className={(wide ? classes.wide : classes.field) ?? ''}
      label={label}
      value={text}
      error={problem}
      autoComplete="off"
      spellCheck={false}
      onChange={({ currentTarget }) => {
        setText(currentTarget.value);
        publish(currentTarget.value);
      }}
    />
  );
}

interface ChoiceProps extends FieldProps {
  readonly label: string;
  readonly options: readonly (readonly [value: string, label: string])[];
}

function Choice({ name, value, problem, set, label, options }: ChoiceProps) {
  return (
    <NativeSelect
      size="xs"
      className={classes.field ?? ''}
      label={label}
      value={value}
      error={problem}
      data={[{ value: '', label: 'Any' }, ...options.map(([choice, words]) => ({ value: choice, label: words }))]}
      onChange={({ currentTarget }) => set(name, currentTarget.value)}
    />
  );
}

/** For those who see more than one. */
function MerchantField(field: FieldProps) {
  const seesAll = useSession().user.merchant_id === null;
  const { data } = useQuery({ ...merchantsQuery, enabled: seesAll });
  const merchants = data?.data ?? [];
  if (!seesAll || (merchants.length < 2 && field.value === '')) return null;
  const listed = merchants.map(({ id, name }) => [id, name] as const);
  const isListed = field.value === '' || merchants.some(({ id }) => id === field.value);
  return (
    <Choice
      {...field}
      label="Merchant"
      options={isListed ? listed : [...listed, [field.value, field.value] as const]}
    />
  );
}
