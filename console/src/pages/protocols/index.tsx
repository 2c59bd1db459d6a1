/** The partners' protocols that this server speaks. */
import { Anchor, Text } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { type Column, DataTable, OnlyNarrow } from '../../parts/data-table.tsx';
import { ErrorState } from '../../parts/error-state.tsx';
import { Loading } from '../../parts/loading.tsx';
import { PageTitle } from '../../parts/page-title.tsx';
import { Panel } from '../../parts/panel.tsx';
import { about } from './about.ts';
import { credentialWords, type Protocol, protocolsQuery } from './protocol-view.ts';
import classes from './protocols.module.css';

const COLUMNS: readonly Column<Protocol>[] = [
  {
    id: 'partner',
    title: 'Partner',
    cell: ({ title }) => <span className={classes.name}>{title}</span>,
    onOneLine: true,
  },
  {
    id: 'what',
    title: 'What for',
    cell: (protocol) => (
      <>
        {about(protocol.name).what}
        <OnlyNarrow>
          <Operations protocol={protocol} />
        </OnlyNarrow>
      </>
    ),
  },
  { id: 'operations', title: 'Operations', cell: (protocol) => <Operations protocol={protocol} />, onlyWide: true },
  {
    id: 'credential',
    title: 'Callers have',
    cell: ({ credential }) => credentialWords(credential),
    onlyWide: true,
  },
];

const rowId = ({ name }: Protocol): string => name;
const rowLink = ({ name }: Protocol): string => `/protocols/${name}`;

export default function ProtocolsPage() {
  const { data, error, refetch } = useQuery(protocolsQuery);
  return (
    <>
      <PageTitle
        title="Protocols"
        lead="What partners’ clients may speak to this server. All share one ledger: what is refunded through one cannot be refunded again through another."
      />
      <Panel flush>
        {data !== undefined ? (
          <DataTable label="Protocols" columns={COLUMNS} rows={data} rowId={rowId} rowLink={rowLink} />
        ) : error !== null ? (
          <ErrorState error={error} onRetry={() => void refetch()} />
        ) : (
          <Loading what="protocols" />
        )}
      </Panel>
      <Text size="sm" c="dimmed" mt="sm">
        Refundry’s own REST API has a{' '}
        <Anchor href="/docs" size="sm" underline="always">
          reference
        </Anchor>{' '}
        of its own.
      </Text>
    </>
  );
}

function Operations({ protocol }: { readonly protocol: Protocol }) {
  return (
    <span className={classes.operations}>
      {[...new Set(protocol.operations.map(({ name }) => name))].map((name) => (
        <code key={name}>{name}</code>
      ))}
    </span>
  );
}
