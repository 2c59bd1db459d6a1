/** A table that sorts what it has and opens a row with a click, or with Enter on its link. */
import { Table, UnstyledButton } from '@mantine/core';
import { IconArrowDown, IconArrowsSort, IconArrowUp } from '@tabler/icons-react';
import {
  type ColumnDef,
  createSortedRowModel,
  rowSortingFeature,
  type SortingState,
  tableFeatures,
  useTable,
} from '@tanstack/react-table';
import { type KeyboardEvent, type MouseEvent, type ReactNode, useMemo } from 'react';
import { Link, useNavigate } from 'react-router';
import classes from './data-table.module.css';

export interface Column<Row> {
  readonly id: string;
  readonly title: string;
  readonly cell: (row: Row) => ReactNode;
  /** Orders rows; without it the column does not sort. */
  readonly compare?: (a: Row, b: Row) => number;
  /** Amounts and counts stand at the right. */
  readonly isNumber?: boolean;
  /** Left out on narrow screens: what the row opens shows it too. */
  readonly onlyWide?: boolean;
  /** Never broken over two lines. */
  readonly onOneLine?: boolean;
}

interface DataTableProps<Row> {
  /** What the rows are, for those who cannot see it. */
  readonly label: string;
  readonly columns: readonly Column<Row>[];
  readonly rows: readonly Row[];
  readonly rowId: (row: Row) => string;
  /** Where a row leads, if anywhere; its first column is the link. */
  readonly rowLink?: (row: Row) => string | undefined;
  /** `amount.desc`; `null` for the order in which the rows came. */
  readonly sort?: string | null;
  readonly onSort?: (sort: string | null) => void;
}

const features = tableFeatures({ rowSortingFeature, sortedRowModel: createSortedRowModel() });

function readSort(sort: string | null): SortingState {
  const [id = '', direction] = sort?.split('.') ?? [];
  return id === '' ? [] : [{ id, desc: direction === 'desc' }];
}

export function DataTable<Row extends object>(props: DataTableProps<Row>) {
  const { label, columns, rows, rowId, rowLink, sort = null, onSort } = props;
  const navigate = useNavigate();
  const definitions = useMemo(
    () =>
      columns.map(({ id, title, cell, compare, isNumber = false }): ColumnDef<typeof features, Row> => ({
        id,
        header: title,
        accessorFn: (row) => row,
        sortDescFirst: isNumber,
        enableSorting: compare !== undefined && onSort !== undefined,
        sortFn: (a, b) => compare?.(a.original, b.original) ?? 0,
        cell: ({ row }) => cell(row.original),
      })),
    [columns, onSort],
  );
  const sorting = useMemo(() => readSort(sort), [sort]);
  const data = useMemo(() => [...rows], [rows]);
  const table = useTable({
    features,
    columns: definitions,
    data,
    getRowId: rowId,
    state: { sorting },
    onSortingChange: (update) => {
      const [next] = typeof update === 'function' ? update(sorting) : update;
      onSort?.(next === undefined ? null : `${next.id}.${next.desc ? 'desc' : 'asc'}`);
    },
  });
  const byId = new Map(columns.map((column) => [column.id, column]));
  const cellClass = (id: string): string => {
    const column = byId.get(id);
    return [column?.isNumber && classes.number, column?.onlyWide && classes.wide, column?.onOneLine && classes.oneLine]
      .filter(Boolean)
      .join(' ');
  };
  return (
    <div className={classes.scroll} onKeyDown={moveBetweenRows}>
      <Table aria-label={label} highlightOnHover={rowLink !== undefined} className={classes.table ?? ''}>
        <Table.Thead>
          <Table.Tr>
            {table.getFlatHeaders().map(({ id, column }) => {
              const isSorted = column.getIsSorted();
              const title = byId.get(id)?.title ?? '';
              return (
                <Table.Th
                  key={id}
                  className={cellClass(id)}
                  aria-sort={isSorted === 'asc' ? 'ascending' : isSorted === 'desc' ? 'descending' : undefined}
                >
                  {column.getCanSort() ? (
                    <UnstyledButton className={classes.sort ?? ''} onClick={() => column.toggleSorting()}>
                      {title}
                      <SortIcon direction={isSorted} />
                    </UnstyledButton>
                  ) : (
                    title
                  )}
                </Table.Th>
              );
            })}
          </Table.Tr>
        </Table.Thead>
        <Table.Tbody>
          {table.getRowModel().rows.map((row) => {
            const to = rowLink?.(row.original);
            return (
              <Table.Tr
                key={row.id}
                className={to === undefined ? '' : (classes.opens ?? '')}
                onClick={(event) => {
                  if (to !== undefined && !isOwnClick(event)) void navigate(to);
                }}
              >
                {row.getAllCells().map((cell, index) => {
                  const content = byId.get(cell.column.id)?.cell(row.original);
                  return (
                    <Table.Td key={cell.id} className={cellClass(cell.column.id)}>
                      {index === 0 && to !== undefined ? (
                        <Link to={to} className={classes.link ?? ''} data-row-link>
                          {content}
                        </Link>
                      ) : (
                        content
                      )}
                    </Table.Td>
                  );
                })}
              </Table.Tr>
            );
          })}
        </Table.Tbody>
      </Table>
    </div>
  );
}

/** What a cell adds on narrow screens, where other columns are left out. */
export function OnlyNarrow({ children }: { readonly children: ReactNode }) {
  return <div className={classes.narrow}>{children}</div>;
}

function SortIcon({ direction }: { readonly direction: false | 'asc' | 'desc' }) {
  const Icon = direction === 'asc' ? IconArrowUp : direction === 'desc' ? IconArrowDown : IconArrowsSort;
  return <Icon size={12} stroke={2} aria-hidden opacity={direction === false ? 0.4 : 1} />;
}

/** Links and buttons within a row do their own; marking text to copy it is no click. */
function isOwnClick({ target, defaultPrevented }: MouseEvent): boolean {
  const isControl = target instanceof Element && target.closest('a, button, input, label') !== null;
  return defaultPrevented || isControl || (window.getSelection()?.toString() ?? '') !== '';
}

function moveBetweenRows(event: KeyboardEvent<HTMLElement>): void {
  if (event.key !== 'ArrowDown' && event.key !== 'ArrowUp') return;
  const links = [...event.currentTarget.querySelectorAll<HTMLElement>('[data-row-link]')];
  const here = links.indexOf(document.activeElement as HTMLElement);
  if (here === -1) return;
  event.preventDefault();
  links[here + (event.key === 'ArrowDown' ? 1 : -1)]?.focus();
}
