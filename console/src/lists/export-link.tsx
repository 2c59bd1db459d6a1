import { Button } from '@mantine/core';
import { IconDownload } from '@tabler/icons-react';
import { type Query, withQuery } from '../api/client.ts';

/** All that the filters let through, as a file; not only what is on screen. */
export function ExportLink({ what, query }: { readonly what: 'payments' | 'refunds'; readonly query: Query }) {
  return (
    <Button
      component="a"
      href={withQuery(`/console/api/export/${what}.csv`, query)}
      download={`${what}.csv`}
      variant="default"
      leftSection={<IconDownload size={15} aria-hidden />}
    >
      Export CSV
    </Button>
  );
}
