import { Divider, Popover, Text, UnstyledButton } from '@mantine/core';
import { useDisclosure } from '@mantine/hooks';
import { notifications } from '@mantine/notifications';
import { IconBook, IconDevicesOff, IconLogout, IconUserCircle } from '@tabler/icons-react';
import { ApiError } from '../api/error.ts';
import { roleTitle } from '../api/permissions.ts';
import { formatAmount } from '../money/money.ts';
import { useSession, useSignOut } from './session.tsx';
import classes from './user-menu.module.css';

const ICON = { size: 16, stroke: 1.7, 'aria-hidden': true } as const;

export function UserMenu() {
  const { user } = useSession();
  const signOut = useSignOut();
  const [isOpen, { toggle, close }] = useDisclosure(false);
  const limits = Object.entries(user.limits);
  const leave = (everywhere: boolean) => {
    signOut(everywhere).catch((error: unknown) => {
      const message = error instanceof ApiError ? error.detail : 'Signing out failed.';
      notifications.show({ color: 'red', title: 'You are still signed in', message });
    });
  };
  return (
    <Popover
      opened={isOpen}
      onChange={close}
      position="bottom-end"
      width={270}
      withinPortal={false}
      trapFocus
      shadow="md"
    >
      <Popover.Target>
        <UnstyledButton className={classes.target ?? ''} onClick={toggle}>
          <IconUserCircle size={20} stroke={1.7} aria-hidden />
          <span className={classes.who}>
            <span className="visually-hidden">Account of </span>
            <span className={classes.name}>{user.name}</span>
            <span className={classes.role}>{roleTitle(user.role)}</span>
          </span>
        </UnstyledButton>
      </Popover.Target>
      <Popover.Dropdown p={6} aria-label="Account">
        <div className={classes.user}>
          <Text size="sm" fw={600}>
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
        </div>
        <Divider my={6} />
        <a className={classes.item} href="/docs">
          <IconBook {...ICON} />
          API reference
        </a>
        <UnstyledButton className={classes.item ?? ''} onClick={() => leave(false)}>
          <IconLogout {...ICON} />
          Sign out
        </UnstyledButton>
        <UnstyledButton className={classes.item ?? ''} onClick={() => leave(true)}>
          <IconDevicesOff {...ICON} />
          Sign out everywhere
        </UnstyledButton>
      </Popover.Dropdown>
    </Popover>
  );
}
