/** What each refusal becomes in the partner's words. */
import { Anchor } from '@mantine/core';
import { type Column, DataTable, OnlyNarrow } from '../../parts/data-table.tsx';
import { Panel } from '../../parts/panel.tsx';
import type { PartnerError } from './protocol-view.ts';
import classes from './protocols.module.css';

const COLUMNS: readonly Column<PartnerError>[] = [
  {
    id: 'code',
    title: 'Refundry’s code',
    cell: ({ code, title, status, body }) => (
      <>
        <Anchor href={`/docs/errors#${code}`} size="sm" className={classes.name ?? ''}>
          {code}
        </Anchor>
        <div className={classes.label}>{title}</div>
        <OnlyNarrow>
          HTTP {status}
          <div className={classes.wireText}>{body}</div>
        </OnlyNarrow>
      </>
    ),
  },
  { id: 'status', title: 'HTTP', cell: ({ status }) => status, isNumber: true, onlyWide: true },
  {
    id: 'answer',
    title: 'Partner’s answer',
    cell: ({ body }) => <div className={classes.wireText}>{body}</div>,
    onlyWide: true,
  },
];

const rowId = ({ code }: PartnerError): string => code;

export function Errors({ errors }: { readonly errors: readonly PartnerError[] }) {
  return (
    <Panel title="Errors" flush>
      <DataTable label="Errors" columns={COLUMNS} rows={errors} rowId={rowId} />
    </Panel>
  );
}
