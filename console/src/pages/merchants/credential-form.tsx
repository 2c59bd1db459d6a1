import { Button, Group, NativeSelect, Stack, Textarea, TextInput } from '@mantine/core';
import { useState } from 'react';
import type { Credential } from '../../api/types.ts';
import type { CredentialShape } from './protocols.ts';

interface CredentialFormProps {
  readonly shapes: readonly CredentialShape[];
  readonly replaced: Credential | null;
  readonly isSending: boolean;
  readonly onSubmit: (body: object) => void;
  readonly onCancel: () => void;
}

const isList = (spelled: string): boolean => spelled.endsWith('[]');
const settingName = (spelled: string): string => spelled.replace(/\[\]$/, '');
const lines = (text: string): string[] =>
  text
    .split(/[\n,]/)
    .map((line) => line.trim())
    .filter((line) => line !== '');

/** What a credential of the chosen protocol is made of. */
export function CredentialForm({ shapes, replaced, isSending, onSubmit, onCancel }: CredentialFormProps) {
  const [protocol, setProtocol] = useState(replaced?.protocol ?? 'native');
  const [role, setRole] = useState<string>(replaced?.role ?? 'merchant');
  const [label, setLabel] = useState(replaced?.label ?? '');
  const [lookup, setLookup] = useState(replaced?.lookup ?? '');
  const [publicKey, setPublicKey] = useState('');
  const [settings, setSettings] = useState<Readonly<Record<string, string>>>(() => textsOf(replaced?.settings ?? {}));
  const shape = shapes.find(({ name }) => name === protocol);
  const nameOfCaller = shape?.lookup ?? null;
  const spelled = Object.entries(shape?.settings ?? {});
  const body = {
    protocol,
    role,
    label: label.trim(),
    ...(nameOfCaller === null ? {} : { lookup: lookup.trim() }),
    ...(shape?.public_key === true ? { public_key: publicKey.trim() } : {}),
    ...(spelled.length === 0
      ? {}
      : {
          settings: Object.fromEntries(
            spelled.map(([name]) => {
              const text = settings[settingName(name)] ?? '';
              return [settingName(name), isList(name) ? lines(text) : text.trim()];
            }),
          ),
        }),
  };
  return (
    <form
      onSubmit={(event) => {
        event.preventDefault();
        if (!isSending) onSubmit(body);
      }}
    >
      <Stack gap="sm">
        <NativeSelect
          label="Protocol"
          value={protocol}
          disabled={replaced !== null}
          data={shapes.map(({ name, title }) => ({ value: name, label: title }))}
          onChange={({ currentTarget }) => setProtocol(currentTarget.value)}
        />
        <NativeSelect
          label="May"
          value={role}
          disabled={replaced !== null}
          data={[
            { value: 'merchant', label: 'Everything for this merchant' },
            { value: 'read', label: 'Only read' },
          ]}
          onChange={({ currentTarget }) => setRole(currentTarget.value)}
        />
        <TextInput
          label="Label, for people"
          placeholder="Checkout server"
          required
          withAsterisk={false}
          maxLength={100}
          value={label}
          onChange={({ currentTarget }) => setLabel(currentTarget.value)}
        />
        {nameOfCaller !== null && (
          <TextInput
            label={`${nameOfCaller} (what the caller sends as its name)`}
            required
            withAsterisk={false}
            autoComplete="off"
            disabled={replaced !== null}
            value={lookup}
            onChange={({ currentTarget }) => setLookup(currentTarget.value)}
          />
        )}
        {shape?.public_key === true && (
          <Textarea
            label="Their RSA public key, PEM"
            placeholder="-----BEGIN PUBLIC KEY-----"
            required
            withAsterisk={false}
            autosize
            minRows={4}
            maxRows={10}
            spellCheck={false}
            value={publicKey}
            onChange={({ currentTarget }) => setPublicKey(currentTarget.value)}
          />
        )}
        {spelled.map(([name, meaning]) => {
          const shared = {
            label: meaning,
            value: settings[settingName(name)] ?? '',
            onChange: ({ currentTarget }: { currentTarget: { value: string } }) =>
              setSettings((before) => ({ ...before, [settingName(name)]: currentTarget.value })),
          };
          return isList(name) ? (
            <Textarea key={name} {...shared} description="One per line" autosize minRows={2} spellCheck={false} />
          ) : (
            <TextInput key={name} {...shared} required withAsterisk={false} autoComplete="off" />
          );
        })}
        <Group justify="flex-end">
          <Button variant="default" onClick={onCancel}>
            Cancel
          </Button>
          <Button type="submit" loading={isSending}>
            {replaced === null ? 'Make the credential' : 'Make the new one'}
          </Button>
        </Group>
      </Stack>
    </form>
  );
}

function textsOf(settings: Credential['settings']): Record<string, string> {
  return Object.fromEntries(
    Object.entries(settings).map(([name, value]) => [name, Array.isArray(value) ? value.join('\n') : String(value)]),
  );
}
