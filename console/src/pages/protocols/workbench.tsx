/** A partner's request, to be edited and sent to this server, and the answer as it came. */
import { Button, Group, Stack, Text, Textarea } from '@mantine/core';
import { IconSend } from '@tabler/icons-react';
import { useState } from 'react';
import { useSearchParams } from 'react-router';
import { useMay, useSession } from '../../app/session.tsx';
import { withFilter } from '../../lists/filters.ts';
import { ChoicePills } from '../../parts/choice-pills.tsx';
import { Notice } from '../../parts/notice.tsx';
import { Panel } from '../../parts/panel.tsx';
import { Answers } from './answers.tsx';
import { CurlLine } from './curl-line.tsx';
import type { Operation, Protocol } from './protocol-view.ts';
import classes from './protocols.module.css';
import { type Step, useExchanges } from './use-exchanges.ts';
import { useSigned } from './use-signed.ts';
import { type Draft, draftOf, readHeaders, unfilled } from './wire.ts';

export function Workbench({ protocol }: { readonly protocol: Protocol }) {
  const { operations } = protocol;
  const { demo } = useSession();
  const mayRefund = useMay('refund');
  const [parameters, setParameters] = useSearchParams();
  const isSession = operations.some(({ follows }) => follows > 0);
  const exchanges = useExchanges(isSession);
  const [drafts, setDrafts] = useState<Readonly<Record<number, Draft>>>({});

  const place = placeOf(operations, parameters.get('operation'));
  const stepAt = (at: number): Step[] => {
    const operation = operations[at];
    return operation === undefined ? [] : [{ operation, draft: drafts[at] ?? draftOf(operation) }];
  };
  const [step] = stepAt(place);
  const {
    envelope,
    error: unsigned,
    isFresh,
  } = useSigned(step?.draft.body ?? '', demo && step?.operation.signed === true);
  if (step === undefined) return null;
  const { operation, draft } = step;
  const steps = [
    ...Array.from({ length: operation.follows }, (_, back) => place - operation.follows + back),
    place,
  ].flatMap(stepAt);

  const headers = readHeaders(draft.headers);
  const problem = 'problem' in headers ? headers.problem : null;
  const missing = unfilled(protocol, ...steps.flatMap((one) => [one.draft.headers, one.draft.body]));
  const isForOthers = operation.writes && !mayRefund;
  const cannotSign = operation.signed && !demo;
  const maySend = problem === null && missing.length === 0 && unsigned === null;
  const edit = (change: Partial<Draft>) => setDrafts({ ...drafts, [place]: { ...draft, ...change } });
  const sendAll = () => {
    if (maySend && !isForOthers && !cannotSign && !exchanges.isPending) exchanges.mutate(steps);
  };
  return (
    <div className={classes.bench}>
      <Panel
        title="Request"
        aside={
          <Button
            variant="subtle"
            size="compact-xs"
            disabled={drafts[place] === undefined}
            onClick={() => setDrafts(without(drafts, place))}
          >
            Reset
          </Button>
        }
      >
        <Stack gap="sm">
          {operations.length > 1 && (
            <ChoicePills
              label="Operation"
              choices={operations.map(({ name }, at) => ({
                value: String(at),
                words: isSession ? `${at + 1}. ${name}` : name,
              }))}
              value={String(place)}
              onChange={(value) => setParameters((before) => withFilter(before, 'operation', value), { replace: true })}
            />
          )}
          <Text size="sm">{operation.summary}</Text>
          <code className={classes.target}>
            <b>{operation.method}</b> {window.location.origin}
            {operation.path}
          </code>
          <Textarea
            label="Headers"
            classNames={{ input: classes.code ?? '' }}
            value={draft.headers}
            error={problem}
            autosize
            minRows={1}
            maxRows={6}
            spellCheck={false}
            onChange={({ currentTarget }) => edit({ headers: currentTarget.value })}
          />
          <Textarea
            label={operation.signed ? 'Request, before it is signed' : 'Body'}
            classNames={{ input: classes.code ?? '' }}
            value={draft.body}
            error={unsigned === null ? undefined : unsigned.message}
            autosize
            minRows={2}
            maxRows={18}
            spellCheck={false}
            onChange={({ currentTarget }) => edit({ body: currentTarget.value })}
            onKeyDown={(event) => {
              if (event.key === 'Enter' && (event.ctrlKey || event.metaKey)) sendAll();
            }}
          />
          {envelope !== null && unsigned === null && (
            <div>
              <div className={classes.label}>Signed with the demo’s key, as it is sent</div>
              <pre
                className={classes.raw}
                data-short
                data-old={!isFresh || undefined}
                tabIndex={0}
                aria-label="Signed request"
              >
                {envelope}
              </pre>
            </div>
          )}
          {isForOthers ? (
            <Text size="sm" c="dimmed">
              This changes money, which your role may not. The line for a terminal shows how a partner sends it.
            </Text>
          ) : cannotSign ? (
            <Text size="sm" c="dimmed">
              Requests are signed with a private key, which never leaves its owner: sign and send it from a terminal.
            </Text>
          ) : (
            <Group gap="sm">
              <Button
                leftSection={<IconSend size={15} aria-hidden />}
                loading={exchanges.isPending}
                disabled={!maySend}
                onClick={sendAll}
              >
                {steps.length > 1 ? `Send ${place - operation.follows + 1} to ${place + 1}, in order` : 'Send'}
              </Button>
              {missing.length > 0 && (
                <Text size="sm" c="dimmed">
                  Put in first: {missing.join(', ')}.
                </Text>
              )}
            </Group>
          )}
        </Stack>
      </Panel>
      <Stack gap="md" miw={0}>
        <Panel title="Answer">
          {exchanges.error !== null ? (
            <Notice tone="bad" title="No answer came" live>
              <p className={classes.said}>{exchanges.error.message}</p>
            </Notice>
          ) : (
            <Answers exchanges={exchanges.data ?? []} />
          )}
        </Panel>
        <CurlLine steps={steps} isSession={isSession} envelope={isFresh ? envelope : null} />
      </Stack>
    </div>
  );
}

/** The operation that the URL asks for; else the first that does what people come for. */
function placeOf(operations: readonly Operation[], asked: string | null): number {
  const place = /^\d{1,2}$/.test(asked ?? '') ? Number(asked) : -1;
  if (place >= 0 && place < operations.length) return place;
  return Math.max(
    0,
    operations.findIndex(({ writes }) => writes),
  );
}

function without(drafts: Readonly<Record<number, Draft>>, place: number): Readonly<Record<number, Draft>> {
  return Object.fromEntries(Object.entries(drafts).filter(([at]) => Number(at) !== place));
}
