/** Pages that are not there, or that failed to load or to draw. */
import { Anchor, Button, Group, Stack, Text } from '@mantine/core';
import { Link, useLocation, useRouteError } from 'react-router';
import { PageTitle } from '../parts/page-title.tsx';

export function NotFound() {
  const { pathname } = useLocation();
  return (
    <Stack gap="sm">
      <PageTitle title="There is no such page" />
      <Text>
        Nothing is at <code>{pathname}</code>. Start again from the{' '}
        <Anchor component={Link} to="/" underline="always">
          overview
        </Anchor>
        .
      </Text>
    </Stack>
  );
}

export function PageFailed() {
  const error = useRouteError();
  const message = error instanceof Error ? error.message : String(error);
  return (
    <Stack gap="sm" p="md" role="alert">
      <PageTitle title="This page failed" />
      <Text>
        Nothing was changed by that. If the console was just updated, loading it again brings the new version.
      </Text>
      <Text size="sm" c="dimmed">
        {message}
      </Text>
      <Group>
        <Button onClick={() => window.location.reload()}>Load again</Button>
      </Group>
    </Stack>
  );
}
