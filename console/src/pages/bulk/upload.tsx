/** Where a file of refunds is chosen, or dropped. */
import { Button, NativeSelect, Text, TextInput } from '@mantine/core';
import { IconFileTypeCsv } from '@tabler/icons-react';
import { useQuery } from '@tanstack/react-query';
import { type DragEvent, useEffect, useRef, useState } from 'react';
import { ApiError } from '../../api/error.ts';
import { merchantsQuery } from '../../api/queries.ts';
import { useSession } from '../../app/session.tsx';
import { capitalized } from '../../journal/words.ts';
import { Notice } from '../../parts/notice.tsx';
import { Panel } from '../../parts/panel.tsx';
import classes from './bulk.module.css';
import { useUpload } from './use-upload.ts';

export function Upload() {
  const own = useSession().user.merchant_id;
  const { data } = useQuery({ ...merchantsQuery, enabled: own === null });
  const [chosen, setChosen] = useState('');
  const merchants = data?.data ?? [];
  const only = merchants.length === 1 && data?.has_more === false ? (merchants[0]?.id ?? '') : '';
  const merchantId = own ?? (chosen === '' ? only : chosen);
  return (
    <Panel title="Upload a file">
      <div className={classes.upload}>
        {own === null &&
          (data?.has_more === true ? (
            <TextInput
              label="Merchant’s id"
              value={chosen}
              spellCheck={false}
              onChange={({ currentTarget }) => setChosen(currentTarget.value.trim())}
            />
          ) : (
            <NativeSelect
              label="Whose payments"
              value={merchantId}
              data={[
                ...(only === '' ? [{ value: '', label: 'Choose a merchant' }] : []),
                ...merchants.map(({ id, name }) => ({ value: id, label: name })),
              ]}
              onChange={({ currentTarget }) => setChosen(currentTarget.value)}
            />
          ))}
        <Drop merchantId={merchantId === '' ? undefined : own === null ? merchantId : null} />
      </div>
    </Panel>
  );
}

interface DropProps {
  /** `null`: one's own; `undefined`: not chosen yet. */
  readonly merchantId: string | null | undefined;
}

function Drop({ merchantId }: DropProps) {
  const { mutate, isPending, error, variables } = useUpload();
  const [isOver, setOver] = useState(false);
  const input = useRef<HTMLInputElement>(null);
  const isReady = merchantId !== undefined && !isPending;
  useNothingElseDropped();

  const take = (file: File | undefined) => {
    if (file !== undefined && merchantId !== undefined && !isPending) mutate({ file, merchantId });
  };
  const drop = (event: DragEvent) => {
    event.preventDefault();
    setOver(false);
    take(event.dataTransfer.files[0]);
  };
  return (
    <>
      <div
        className={classes.drop}
        data-over={(isOver && isReady) || undefined}
        data-testid="drop"
        onDragOver={(event) => {
          event.preventDefault();
          setOver(true);
        }}
        onDragLeave={() => setOver(false)}
        onDrop={drop}
      >
        <IconFileTypeCsv size={30} stroke={1.4} aria-hidden />
        <Button disabled={!isReady} loading={isPending} onClick={() => input.current?.click()}>
          Choose a CSV file
        </Button>
        <Text size="sm" c="dimmed">
          {merchantId === undefined ? 'Choose the merchant first.' : 'Or drop it here. Nothing is refunded yet.'}
        </Text>
        <input
          ref={input}
          type="file"
          accept=".csv,text/csv"
          hidden
          onChange={({ currentTarget }) => {
            take(currentTarget.files?.[0]);
            // The same file may be chosen again, after somebody mended it.
            currentTarget.value = '';
          }}
        />
      </div>
      {error !== null && (
        <Notice tone="bad" title={error instanceof ApiError ? headline(error) : 'This failed'} live>
          <p className={classes.said}>{sentences(error, variables?.file.name ?? 'The file')}</p>
        </Notice>
      )}
    </>
  );
}

function headline({ code, title }: ApiError): string {
  return code === 'invalid_request' ? 'This file cannot be uploaded' : title;
}

/** What is wrong with the file as a whole, by its name. */
function sentences(error: Error, name: string): string {
  if (!(error instanceof ApiError) || error.problems.length === 0) return error.message;
  return error.problems
    .map(({ parameter, problem }) =>
      parameter === 'file' ? `${name} ${problem}.` : `${capitalized(parameter.replaceAll('_', ' '))} ${problem}.`,
    )
    .join(' ');
}

/** A browser opens a file that is dropped beside the place for it, and the console would be gone. */
function useNothingElseDropped(): void {
  useEffect(() => {
    const ignore = (event: Event) => event.preventDefault();
    window.addEventListener('dragover', ignore);
    window.addEventListener('drop', ignore);
    return () => {
      window.removeEventListener('dragover', ignore);
      window.removeEventListener('drop', ignore);
    };
  }, []);
}
