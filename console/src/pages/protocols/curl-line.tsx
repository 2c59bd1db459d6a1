import { Button, CopyButton } from '@mantine/core';
import { IconCheck, IconCopy } from '@tabler/icons-react';
import { Panel } from '../../parts/panel.tsx';
import { curl, curlSession, curlSigned } from './curl.ts';
import classes from './protocols.module.css';
import { requestOf, type Step } from './use-exchanges.ts';

interface CurlLineProps {
  readonly steps: readonly Step[];
  readonly isSession: boolean;
  /** The signed body, where one is needed and there is one. */
  readonly envelope: string | null;
}

/** The same for a terminal. */
export function CurlLine({ steps, isSession, envelope }: CurlLineProps) {
  const text = commandOf(steps, isSession, envelope);
  if (text === null) return null;
  return (
    <Panel
      title="For a terminal"
      aside={
        <CopyButton value={text}>
          {({ copied, copy }) => (
            <Button
              variant="default"
              size="compact-xs"
              leftSection={copied ? <IconCheck size={13} aria-hidden /> : <IconCopy size={13} aria-hidden />}
              onClick={copy}
            >
              {copied ? 'Copied' : 'Copy'}
            </Button>
          )}
        </CopyButton>
      }
    >
      <pre className={classes.raw} data-short tabIndex={0} aria-label="Command line">
        {text}
      </pre>
    </Panel>
  );
}

/** `null` while the request cannot be sent at all. */
function commandOf(steps: readonly Step[], isSession: boolean, envelope: string | null): string | null {
  const { origin } = window.location;
  let requests;
  try {
    requests = steps.map(requestOf);
  } catch {
    return null;
  }
  if (isSession) return curlSession(origin, requests);
  const [request] = requests;
  if (request === undefined) return null;
  if (steps[0]?.operation.signed !== true) return curl(origin, request);
  return envelope === null ? curlSigned(origin, request) : curl(origin, { ...request, body: envelope });
}
