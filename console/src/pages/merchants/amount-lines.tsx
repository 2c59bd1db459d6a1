import { ActionIcon, Button, Fieldset, NativeSelect, Text, TextInput } from '@mantine/core';
import { IconPlus, IconX } from '@tabler/icons-react';
import { CURRENCIES } from '../../money/exponents.ts';
import classes from './merchants.module.css';
import type { AmountLine } from './policy-form.ts';

interface AmountLinesProps {
  readonly label: string;
  readonly lines: readonly AmountLine[];
  readonly problems: readonly (string | null)[];
  readonly description: string | undefined;
  readonly onChange: (lines: readonly AmountLine[]) => void;
}

/** Amounts by currency, a line each. */
export function AmountLines({ label, lines, problems, description, onChange }: AmountLinesProps) {
  const change = (at: number, line: Partial<AmountLine>) =>
    onChange(lines.map((each, index) => (index === at ? { ...each, ...line } : each)));
  return (
    <Fieldset legend={label} variant="unstyled" className={classes.lines ?? ''}>
      {lines.map((line, index) => (
        <div key={index} className={classes.line}>
          <NativeSelect
            aria-label={`${label}: currency`}
            value={line.currency}
            data={['', ...CURRENCIES]}
            onChange={({ currentTarget }) => change(index, { currency: currentTarget.value })}
          />
          <TextInput
            aria-label={`${label}: amount${line.currency === '' ? '' : ` in ${line.currency}`}`}
            inputMode="decimal"
            autoComplete="off"
            value={line.text}
            error={problems[index]}
            onChange={({ currentTarget }) => change(index, { text: currentTarget.value })}
          />
          <ActionIcon
            variant="subtle"
            color="gray"
            size="lg"
            aria-label={`Remove ${line.currency === '' ? 'this line' : line.currency}`}
            onClick={() => onChange(lines.filter((_line, at) => at !== index))}
          >
            <IconX size={15} aria-hidden />
          </ActionIcon>
        </div>
      ))}
      <Button
        variant="default"
        size="xs"
        leftSection={<IconPlus size={13} aria-hidden />}
        onClick={() => onChange([...lines, { currency: lines.length === 0 ? 'USD' : '', text: '' }])}
      >
        Add a currency
      </Button>
      {description !== undefined && (
        <Text size="xs" c="dimmed">
          {description}
        </Text>
      )}
    </Fieldset>
  );
}
