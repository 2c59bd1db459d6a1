import { Group, Text, Title } from '@mantine/core';
import { type ReactNode, useEffect } from 'react';

interface PageTitleProps {
  readonly title: string;
  /** One sentence below it. */
  readonly lead?: ReactNode;
  /** Buttons and links at its right. */
  readonly children?: ReactNode;
}

/** What page this is: in its heading, and in the browser's tab. */
export function PageTitle({ title, lead, children }: PageTitleProps) {
  useEffect(() => {
    document.title = `${title} · Refundry`;
  }, [title]);
  return (
    <Group justify="space-between" align="flex-start" gap="sm" mb="xs">
      <div style={{ minWidth: 0 }}>
        <Title order={1}>{title}</Title>
        {lead !== undefined && (
          <Text size="sm" c="dimmed">
            {lead}
          </Text>
        )}
      </div>
      {children !== undefined && <Group gap="xs">{children}</Group>}
    </Group>
  );
}
