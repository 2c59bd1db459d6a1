/** Making a credential, or another one in the place of an old one: its secrets are shown once, right after. */
import { Drawer, Stack, Text } from '@mantine/core';
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import { post } from '../../api/client.ts';
import { ApiError } from '../../api/error.ts';
import { refreshAll } from '../../api/queries.ts';
import type { Credential, IssuedCredential, Merchant } from '../../api/types.ts';
import { Loading } from '../../parts/loading.tsx';
import { Notice } from '../../parts/notice.tsx';
import { CredentialForm } from './credential-form.tsx';
import { useShapes } from './protocols.ts';
import { Secrets } from './secrets.tsx';

interface CredentialDrawerProps {
  readonly merchant: Merchant;
  /** `null`: a new one; a credential: one in its place. */
  readonly replaced: Credential | null;
  readonly opened: boolean;
  readonly onClose: () => void;
}

export function CredentialDrawer({ merchant, replaced, opened, onClose }: CredentialDrawerProps) {
  const [isShowingSecrets, setShowingSecrets] = useState(false);
  const close = () => {
    setShowingSecrets(false);
    onClose();
  };
  return (
    <Drawer
      opened={opened}
      onClose={close}
      position="right"
      size="md"
      title={replaced === null ? 'New credential' : `Replace “${replaced.label}”`}
      keepMounted={false}
      // A slip of the finger must not lose what is shown once.
      closeOnClickOutside={!isShowingSecrets}
      closeOnEscape={!isShowingSecrets}
      withCloseButton={!isShowingSecrets}
    >
      <Content merchant={merchant} replaced={replaced} onClose={close} onIssued={() => setShowingSecrets(true)} />
    </Drawer>
  );
}

interface ContentProps extends Omit<CredentialDrawerProps, 'opened'> {
  readonly onIssued: () => void;
}

function Content({ merchant, replaced, onClose, onIssued }: ContentProps) {
  const client = useQueryClient();
  const shapes = useShapes();
  const issue = useMutation<IssuedCredential, ApiError, object>({
    mutationFn: (body) => post<IssuedCredential>('/v1/credentials', body),
    onSuccess: onIssued,
    onSettled: () => refreshAll(client),
  });
  if (issue.data !== undefined) return <Secrets issued={issue.data} replaced={replaced} onClose={onClose} />;
  if (shapes === undefined) return <Loading what="the protocols" />;
  return (
    <Stack gap="md">
      {replaced !== null && (
        <Text size="sm" c="dimmed">
          The new one works at once, beside the old one. Revoke the old one when nobody uses it any longer.
        </Text>
      )}
      <CredentialForm
        shapes={shapes}
        replaced={replaced}
        isSending={issue.isPending}
        onSubmit={(body) => issue.mutate({ ...body, merchant_id: merchant.id })}
        onCancel={onClose}
      />
      {issue.error !== null && (
        <Notice tone="bad" title={issue.error.title} live>
          <Text size="sm">
            {issue.error.problems.length === 0
              ? issue.error.detail
              : issue.error.problems.map(({ parameter, problem }) => `${parameter}: ${problem}`).join('; ')}
          </Text>
          {issue.error.isUndecided && (
            <Text size="sm">Look at the list: if it is there, revoke it, because its secrets are lost.</Text>
          )}
        </Notice>
      )}
    </Stack>
  );
}
