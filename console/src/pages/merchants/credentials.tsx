/** Who may act for a merchant: programs by their keys, people by their names. */
import { Button, Checkbox, Group, Modal, Stack, Text } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { roleTitle } from '../../api/permissions.ts';
import { read } from '../../api/queries.ts';
import type { Credential, Merchant, Page } from '../../api/types.ts';
import { useMay } from '../../app/session.tsx';
import { protocolWords } from '../../journal/words.ts';
import { type Column, DataTable, OnlyNarrow } from '../../parts/data-table.tsx';
import { EmptyState } from '../../parts/empty-state.tsx';
import { ErrorState } from '../../parts/error-state.tsx';
import { Loading } from '../../parts/loading.tsx';
import { Notice } from '../../parts/notice.tsx';
import { Panel } from '../../parts/panel.tsx';
import { ToneBadge } from '../../parts/status-badge.tsx';
import { TimeText } from '../../parts/time-text.tsx';
import { CredentialDrawer } from './credential-drawer.tsx';
import classes from './merchants.module.css';
import { useRevoke } from './use-revoke.ts';

/** The protocol of people. */
const CONSOLE = 'console';

type Doing = { readonly what: 'make' } | { readonly what: 'replace' | 'revoke'; readonly credential: Credential };

const whatFor = ({ protocol }: Credential): string =>
  protocol === CONSOLE ? 'User of the console' : protocolWords(protocol);

export function CredentialsPanel({ merchant }: { readonly merchant: Merchant }) {
  const { data, error, refetch } = useQuery(read<Page<Credential>>('/v1/credentials', { merchant_id: merchant.id }));
  const mayChange = useMay('administer');
  const [withRevoked, setWithRevoked] = useState(false);
  const [doing, setDoing] = useState<Doing | null>(null);
  // The drawer goes on telling what it was about while it slides away.
  const [replaced, setReplaced] = useState<Credential | null>(null);
  const begin = (next: Doing) => {
    setReplaced(next.what === 'replace' ? next.credential : null);
    setDoing(next);
  };
  const all = data?.data ?? [];
  const revoked = all.filter(({ revoked_at }) => revoked_at !== null).length;
  const shown = withRevoked ? all : all.filter(({ revoked_at }) => revoked_at === null);
  return (
    <Panel
      title="Credentials"
      aside={
        mayChange ? (
          <Button variant="default" size="xs" onClick={() => begin({ what: 'make' })}>
            New credential
          </Button>
        ) : undefined
      }
      flush
    >
      {error !== null && data === undefined ? (
        <ErrorState error={error} onRetry={() => void refetch()} />
      ) : data === undefined ? (
        <Loading what="the credentials" />
      ) : (
        <>
          {shown.length === 0 ? (
            <EmptyState title="Nobody may act for this merchant">
              {mayChange ? 'Make a credential, and pass its secret on.' : undefined}
            </EmptyState>
          ) : (
            <DataTable
              label="Credentials"
              columns={columns(mayChange ? begin : null)}
              rows={shown}
              rowId={({ id }) => id}
            />
          )}
          {revoked > 0 && (
            <Checkbox
              m="sm"
              size="xs"
              label={`Show revoked ones (${revoked})`}
              checked={withRevoked}
              onChange={({ currentTarget }) => setWithRevoked(currentTarget.checked)}
            />
          )}
        </>
      )}
      <CredentialDrawer
        merchant={merchant}
        replaced={replaced}
        opened={doing !== null && doing.what !== 'revoke'}
        onClose={() => setDoing(null)}
      />
      <Modal opened={doing?.what === 'revoke'} onClose={() => setDoing(null)} title="Revoke" keepMounted={false}>
        {doing?.what === 'revoke' && <Revoke credential={doing.credential} onClose={() => setDoing(null)} />}
      </Modal>
    </Panel>
  );
}

function columns(begin: ((doing: Doing) => void) | null): Column<Credential>[] {
  return [
    {
      id: 'label',
      title: 'Label',
      cell: (credential) => (
        <span className={credential.revoked_at === null ? undefined : classes.revoked}>
          {credential.label}
          <OnlyNarrow>
            <Text size="xs" c="dimmed">
              {whatFor(credential)}
              {credential.lookup === null ? '' : ` · ${credential.lookup}`}
            </Text>
          </OnlyNarrow>
        </span>
      ),
    },
    { id: 'protocol', title: 'For', cell: whatFor, onlyWide: true },
    {
      id: 'lookup',
      title: 'Name',
      cell: ({ lookup }) => (lookup === null ? '–' : <code>{lookup}</code>),
      onlyWide: true,
    },
    {
      id: 'role',
      title: 'May',
      cell: ({ role, protocol }) =>
        protocol === CONSOLE ? roleTitle(role) : role === 'read' ? 'Read' : 'Everything for the merchant',
      onlyWide: true,
    },
    { id: 'made', title: 'Made', cell: ({ created_at }) => <TimeText at={created_at} relative />, onlyWide: true },
    {
      id: 'actions',
      title: begin === null ? 'State' : 'Change',
      cell: (credential) =>
        credential.revoked_at !== null ? (
          <ToneBadge tone="calm">Revoked</ToneBadge>
        ) : begin === null ? (
          <ToneBadge tone="good">Works</ToneBadge>
        ) : (
          <span className={classes.actions}>
            {credential.protocol !== CONSOLE && (
              <Button
                variant="default"
                size="compact-sm"
                aria-label={`Replace ${credential.label}`}
                onClick={() => begin({ what: 'replace', credential })}
              >
                Replace
              </Button>
            )}
            <Button
              variant="default"
              size="compact-sm"
              aria-label={`Revoke ${credential.label}`}
              onClick={() => begin({ what: 'revoke', credential })}
            >
              Revoke
            </Button>
          </span>
        ),
      isNumber: true,
    },
  ];
}

interface RevokeProps {
  readonly credential: Credential;
  readonly onClose: () => void;
}

function Revoke({ credential, onClose }: RevokeProps) {
  const revoke = useRevoke();
  const isUser = credential.protocol === CONSOLE;
  return (
    <Stack gap="md">
      <Text size="sm">
        {isUser ? (
          <>
            <strong>{credential.label}</strong> is signed out and can no longer sign in.
          </>
        ) : (
          <>
            Whoever calls with <strong>{credential.label}</strong> is refused within two seconds.
          </>
        )}{' '}
        This cannot be taken back.
      </Text>
      {revoke.error !== null && (
        <Notice tone="bad" title={revoke.error.title} live>
          <Text size="sm">{revoke.error.detail}</Text>
        </Notice>
      )}
      <Group justify="flex-end">
        <Button variant="default" onClick={onClose}>
          Cancel
        </Button>
        <Button
          color="red"
          data-autofocus
          loading={revoke.isPending}
          onClick={() => revoke.mutate(credential.id, { onSuccess: onClose })}
        >
          Revoke “{credential.label}”
        </Button>
      </Group>
    </Stack>
  );
}
