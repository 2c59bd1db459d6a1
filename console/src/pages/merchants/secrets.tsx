import { Button, CopyButton, Group, Stack, Text } from '@mantine/core';
import { IconCheck, IconCopy } from '@tabler/icons-react';
import type { Credential, IssuedCredential } from '../../api/types.ts';
import { Notice } from '../../parts/notice.tsx';
import classes from './merchants.module.css';
import { useRevoke } from './use-revoke.ts';

interface SecretsProps {
  readonly issued: IssuedCredential;
  /** The one in whose place it was made. */
  readonly replaced: Credential | null;
  readonly onClose: () => void;
}

/** A new credential's secrets: now, and never again. */
export function Secrets({ issued, replaced, onClose }: SecretsProps) {
  const secrets = Object.entries(issued.secrets);
  const revoke = useRevoke();
  const isReplaced = revoke.data !== undefined;
  return (
    <Stack gap="md">
      {secrets.length === 0 ? (
        <Notice tone="good" title="The credential works from now on" live>
          <Text size="sm">Requests are signed with their own private key: there is no secret to pass on.</Text>
        </Notice>
      ) : (
        <>
          <Notice tone="wait" title="Copy this now: it is shown once" live>
            <Text size="sm">Refundry keeps a hash only. What is lost is replaced, not looked up.</Text>
          </Notice>
          {secrets.map(([name, value]) => (
            <div key={name} className={classes.secret}>
              <span>{name}</span>
              <code>{value}</code>
              <CopyButton value={value}>
                {({ copied, copy }) => (
                  <Button
                    variant="default"
                    leftSection={copied ? <IconCheck size={14} aria-hidden /> : <IconCopy size={14} aria-hidden />}
                    aria-label={`Copy ${name}`}
                    onClick={copy}
                  >
                    {copied ? 'Copied' : 'Copy'}
                  </Button>
                )}
              </CopyButton>
            </div>
          ))}
        </>
      )}
      {replaced !== null && (
        <Notice
          tone={isReplaced ? 'good' : 'info'}
          title={isReplaced ? 'The old one is revoked' : 'The old one still works'}
        >
          {!isReplaced && (
            <>
              <Text size="sm" mb="xs">
                Put the new one in place first, then revoke “{replaced.label}” of before, here or in the list.
              </Text>
              <Button variant="default" size="xs" loading={revoke.isPending} onClick={() => revoke.mutate(replaced.id)}>
                Revoke the old one now
              </Button>
            </>
          )}
          {revoke.error !== null && (
            <Text size="sm" role="alert">
              {revoke.error.detail}
            </Text>
          )}
        </Notice>
      )}
      <Group justify="flex-end">
        <Button onClick={onClose}>{secrets.length === 0 ? 'Done' : 'I have stored it'}</Button>
      </Group>
    </Stack>
  );
}
