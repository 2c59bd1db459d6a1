import { ActionIcon, Menu, Text } from '@mantine/core';
import { notifications } from '@mantine/notifications';
import { IconBook, IconDevicesOff, IconLogout, IconUserCircle } from '@tabler/icons-react';
import { ApiError } from '../api/error.ts';
import { roleTitle } from '../api/permissions.ts';
import { formatAmount } from '../money/money.ts';
import { useSession, useSignOut } from './session.tsx';

export function UserMenu() {
  const { user } = useSession();
  const signOut = useSignOut();
  const limits = Object.entries(user.limits);
  const leave = (everywhere: boolean) => {
    signOut(everywhere).catch((error: unknown) => {
      const message = error instanceof ApiError ? error.detail : 'Signing out failed.';
      notifications.show({ color: 'red', title: 'You are still signed in', message });
    });
  };
  return (
    <Menu position="bottom-end" width={260} withinPortal>
      <Menu.Target>
        <ActionIcon variant="subtle" color="gray" size="lg" aria-label={`Account of ${user.label}`}>
          <IconUserCircle size={20} stroke={1.7} />
        </ActionIcon>
      </Menu.Target>
      <Menu.Dropdown>
        <Menu.Label>
          <Text size="sm" fw={600} c="var(--mantine-color-text)">
            {user.label}
          </Text>
          <Text size="xs" c="dimmed">
            {user.name} · {roleTitle(user.role)}
          </Text>
          {limits.length > 0 && (
            <Text size="xs" c="dimmed">
              Refunds alone up to{' '}
              {limits.map(([currency, minor]) => `${currency} ${formatAmount(minor, currency)}`).join(', ')}
            </Text>
          )}
        </Menu.Label>
        <Menu.Divider />
        <Menu.Item component="a" href="/docs" leftSection={<IconBook size={16} stroke={1.7} />}>
          API reference
        </Menu.Item>
        <Menu.Item leftSection={<IconLogout size={16} stroke={1.7} />} onClick={() => leave(false)}>
          Sign out
        </Menu.Item>
        <Menu.Item leftSection={<IconDevicesOff size={16} stroke={1.7} />} onClick={() => leave(true)}>
          Sign out everywhere
        </Menu.Item>
      </Menu.Dropdown>
    </Menu>
  );
}
