/** What a file of refunds looks like, and one to begin with. */
import { Anchor, Button, Group, Stack, Table, Text } from '@mantine/core';
import { IconDownload } from '@tabler/icons-react';
import type { ReactNode } from 'react';
import { Link } from 'react-router';
import { Panel } from '../../parts/panel.tsx';
import classes from './bulk.module.css';

/** Of the demo's payments, so that there it shows every outcome. */
const EXAMPLE = `reference,namespace,amount,currency,reason
order-both,,25.00,USD,One of four returned
BOTH-1,payengine.id,10.00,USD,Goodwill
5c7f3d0a-6c1e-4f0e-8a53-0d1f6b2c9e11,payengine.id,,,Order canceled: all that is left
order-900,,600.00,USD,"Large, so that a second person decides"
order-unknown,,5.00,USD,Nobody knows this one
order-both,,7.505,USD,No such amount of dollars
`;

const COLUMNS: readonly (readonly [name: string, meaning: ReactNode])[] = [
  [
    'reference',
    <>
      What the payment is called: an order number, a partner’s transaction id. Or a column <code>payment</code> with its
      id in Refundry.
    </>,
  ],
  [
    'namespace',
    <>
      Whose reference it is, such as <code>payengine.id</code>; each{' '}
      <Anchor component={Link} to="/protocols" size="sm" underline="always">
        protocol
      </Anchor>{' '}
      lists its own. Empty: <code>native.reference</code>, your own.
    </>,
  ],
  [
    'amount',
    <>
      As people write it, not in cents: <code>25.00</code> dollars, <code>2500</code> yen, <code>2.500</code> dinars. A
      dot for decimals, no separators of thousands. Empty: all that is left.
    </>,
  ],
  ['currency', 'Three letters. A line in another currency than its payment is refused. Empty: the payment’s.'],
  ['reason', 'Kept with the refund; at most 500 characters.'],
];

export function Format() {
  return (
    <Panel
      title="The file"
      aside={
        <Button
          component="a"
          href={`data:text/csv;charset=utf-8,${encodeURIComponent(EXAMPLE)}`}
          download="refunds-example.csv"
          variant="default"
          size="xs"
          leftSection={<IconDownload size={14} aria-hidden />}
        >
          Download an example
        </Button>
      }
    >
      <Stack gap="sm">
        <Text size="sm">
          CSV in UTF-8, from any spreadsheet: a first line with the names of the columns, in any order, then one refund
          per line, up to 10,000. Only <code>reference</code> or <code>payment</code> must be there.
        </Text>
        <Table className={classes.columns ?? ''} verticalSpacing={6} horizontalSpacing="xs">
          <Table.Thead className="visually-hidden">
            <Table.Tr>
              <Table.Th>Column</Table.Th>
              <Table.Th>Meaning</Table.Th>
            </Table.Tr>
          </Table.Thead>
          <Table.Tbody>
            {COLUMNS.map(([name, meaning]) => (
              <Table.Tr key={name}>
                <Table.Th scope="row">
                  <code>{name}</code>
                </Table.Th>
                <Table.Td>{meaning}</Table.Td>
              </Table.Tr>
            ))}
          </Table.Tbody>
        </Table>
        <Group gap={6}>
          <Text size="xs" c="dimmed">
            The same file is the same run: uploading it twice refunds nothing twice.
          </Text>
        </Group>
      </Stack>
    </Panel>
  );
}
