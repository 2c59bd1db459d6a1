/** All merchants, and what each allows. Whoever is bound to one is led to that one. */
import { Button } from '@mantine/core';
import { useDisclosure } from '@mantine/hooks';
import { Navigate } from 'react-router';
import type { Merchant } from '../../api/types.ts';
import { useMay, useSession } from '../../app/session.tsx';
import { ListPanel } from '../../lists/list-panel.tsx';
import { useList } from '../../lists/use-list.ts';
import { type Column, DataTable, OnlyNarrow } from '../../parts/data-table.tsx';
import { PageTitle } from '../../parts/page-title.tsx';
import { TimeText } from '../../parts/time-text.tsx';
import classes from './merchants.module.css';
import { NewMerchant } from './new-merchant.tsx';
import { shortPolicy } from './policy-words.ts';

export default function MerchantsPage() {
  const { merchant_id: own } = useSession().user;
  return own === null ? <All /> : <Navigate to={`/merchants/${own}`} replace />;
}

const COLUMNS: readonly Column<Merchant>[] = [
  {
    id: 'name',
    title: 'Merchant',
    cell: ({ name, policy }) => (
      <>
        {name}
        <OnlyNarrow>
          <span className={classes.revoked}>{shortPolicy(policy)}</span>
        </OnlyNarrow>
      </>
    ),
    compare: (a, b) => a.name.localeCompare(b.name),
  },
  { id: 'policy', title: 'Policy', cell: ({ policy }) => shortPolicy(policy), onlyWide: true },
  {
    id: 'created',
    title: 'Since',
    cell: ({ created_at }) => <TimeText at={created_at} />,
    compare: (a, b) => a.created_at.localeCompare(b.created_at),
    isNumber: true,
    onlyWide: true,
  },
];

function All() {
  const list = useList<Merchant>('/v1/merchants');
  const mayMake = useMay('administer');
  const [isMaking, { open, close }] = useDisclosure(false);
  return (
    <>
      <PageTitle title="Merchants">{mayMake && <Button onClick={open}>New merchant</Button>}</PageTitle>
      <ListPanel what="merchants" list={list}>
        <DataTable
          label="Merchants"
          columns={COLUMNS}
          rows={list.rows}
          rowId={({ id }) => id}
          rowLink={({ id }) => `/merchants/${id}`}
          sort={list.sort}
          onSort={list.setSort}
        />
      </ListPanel>
      <NewMerchant opened={isMaking} onClose={close} />
    </>
  );
}
