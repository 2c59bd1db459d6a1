/** One partner's protocol: what it is, its requests to try, and its errors. */
import { Anchor, Stack, Text } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { Link, useParams } from 'react-router';
import { useSession } from '../../app/session.tsx';
import { EmptyState } from '../../parts/empty-state.tsx';
import { ErrorState } from '../../parts/error-state.tsx';
import { Facts } from '../../parts/facts.tsx';
import { Loading } from '../../parts/loading.tsx';
import { Notice } from '../../parts/notice.tsx';
import { PageTitle } from '../../parts/page-title.tsx';
import { Panel } from '../../parts/panel.tsx';
import { about } from './about.ts';
import { Errors } from './errors.tsx';
import { credentialWords, type Protocol, protocolsQuery } from './protocol-view.ts';
import classes from './protocols.module.css';
import { Workbench } from './workbench.tsx';

export default function ProtocolPage() {
  const { name = '' } = useParams();
  const { data, error, refetch } = useQuery(protocolsQuery);
  const protocol = data?.find((one) => one.name === name);
  if (protocol !== undefined) return <Shown key={protocol.name} protocol={protocol} />;
  if (data === undefined && error === null) return <Loading what="the protocol" />;
  return (
    <>
      <PageTitle title="Protocol" />
      <Panel>
        {error !== null ? (
          <ErrorState error={error} onRetry={() => void refetch()} />
        ) : (
          <EmptyState title={`No protocol is called ${name}`}>
            <Anchor component={Link} to="/protocols" size="sm" underline="always">
              All protocols
            </Anchor>
          </EmptyState>
        )}
      </Panel>
    </>
  );
}

function Shown({ protocol }: { readonly protocol: Protocol }) {
  const { demo } = useSession();
  const { what, rules, page } = about(protocol.name);
  const { settings } = protocol.credential;
  return (
    <>
      <PageTitle title={protocol.title} lead={what} />
      <Stack gap="md">
        {demo ? (
          <Notice tone="info" title="Ready to send">
            <p className={classes.said}>
              The demo merchant’s credentials are filled in, and what you send is carried out, as for the partner’s own
              client: limits of your own do not apply.
            </p>
          </Notice>
        ) : (
          <Notice tone="wait" title="Examples need credentials">
            <p className={classes.said}>
              This server runs without demo data: put credentials of a{' '}
              <Anchor component={Link} to="/merchants" size="sm" underline="always">
                merchant
              </Anchor>{' '}
              in the places of <code>&lt;…&gt;</code>. What you send is carried out, with real payments.
            </p>
          </Notice>
        )}
        <Workbench protocol={protocol} />
        <Panel title="About">
          <div className={classes.about}>
            <Facts
              facts={[
                ['Rules', rules],
                ['Name in Refundry', <code key="name">{protocol.name}</code>],
                ['Endpoints', <Endpoints key="endpoints" protocol={protocol} />],
                ['Credentials', credentialWords(protocol.credential)],
                ...Object.entries(settings).map(([name, meaning]) => [name.replace(/\[\]$/, ''), meaning] as const),
                ...protocol.namespaces.map(
                  ({ name, description }) => [name, <span key={name}>{description}</span>] as const,
                ),
                [
                  'Partner’s page',
                  page !== null && (
                    <Anchor key="page" href={page} target="_blank" rel="noreferrer" size="sm">
                      {page}
                    </Anchor>
                  ),
                ],
              ]}
            />
          </div>
        </Panel>
        <Errors errors={protocol.errors} />
      </Stack>
    </>
  );
}

function Endpoints({ protocol }: { readonly protocol: Protocol }) {
  const endpoints = new Set(protocol.operations.map(({ method, path }) => `${method} ${path}`));
  return [...endpoints].map((endpoint) => (
    <Text key={endpoint} size="sm">
      <code>{endpoint}</code>
    </Text>
  ));
}
