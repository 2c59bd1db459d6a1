import { Button, Group, Modal, Stack, Text, TextInput } from '@mantine/core';
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import { useNavigate } from 'react-router';
import { post } from '../../api/client.ts';
import type { ApiError } from '../../api/error.ts';
import { refreshAll } from '../../api/queries.ts';
import type { Merchant } from '../../api/types.ts';
import { Notice } from '../../parts/notice.tsx';

interface NewMerchantProps {
  readonly opened: boolean;
  readonly onClose: () => void;
}

export function NewMerchant({ opened, onClose }: NewMerchantProps) {
  return (
    <Modal opened={opened} onClose={onClose} title="New merchant" keepMounted={false}>
      <Form onClose={onClose} />
    </Modal>
  );
}

function Form({ onClose }: Pick<NewMerchantProps, 'onClose'>) {
  const client = useQueryClient();
  const navigate = useNavigate();
  const [name, setName] = useState('');
  const make = useMutation<Merchant, ApiError, string>({
    mutationFn: (wanted) => post<Merchant>('/v1/merchants', { name: wanted }),
    onSuccess: ({ id }) => void navigate(`/merchants/${id}`),
    onSettled: () => refreshAll(client),
  });
  const { error } = make;
  return (
    <form
      onSubmit={(event) => {
        event.preventDefault();
        if (!make.isPending) make.mutate(name.trim());
      }}
    >
      <Stack gap="md">
        <TextInput
          label="Name"
          required
          withAsterisk={false}
          data-autofocus
          maxLength={255}
          value={name}
          onChange={({ currentTarget }) => setName(currentTarget.value)}
        />
        <Text size="sm" c="dimmed">
          It begins without limits: set its policy next.
        </Text>
        {error !== null && (
          <Notice tone="bad" title={error.title} live>
            <Text size="sm">
              {error.detail}
              {error.isUndecided ? ' Look at the list before you try again: it may be there.' : ''}
            </Text>
          </Notice>
        )}
        <Group justify="flex-end">
          <Button variant="default" onClick={onClose}>
            Cancel
          </Button>
          <Button type="submit" loading={make.isPending} disabled={name.trim() === ''}>
            Make the merchant
          </Button>
        </Group>
      </Stack>
    </form>
  );
}
