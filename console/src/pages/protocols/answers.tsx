/** What came back, byte for byte: status, headers, time, body. */
import { Text } from '@mantine/core';
import { ToneBadge } from '../../parts/status-badge.tsx';
import classes from './protocols.module.css';
import type { Exchange } from './use-exchanges.ts';
import type { WireAnswer } from './wire.ts';

export function Answers({ exchanges }: { readonly exchanges: readonly Exchange[] }) {
  const last = exchanges.at(-1);
  return (
    <div>
      <div role="status" className="visually-hidden">
        {last !== undefined && `Answered with ${last.answer.status} ${last.answer.reason}`}
      </div>
      {last === undefined ? (
        <Text size="sm" c="dimmed">
          What the partner’s client would get appears here, byte for byte.
        </Text>
      ) : (
        exchanges.map(({ operation, answer }, at) =>
          exchanges.length === 1 ? (
            <Answer key={at} answer={answer} />
          ) : (
            // A new answer is a new element: what was opened of the one before says nothing of this one.
            <details key={`${at} ${answer.tookMs}`} className={classes.exchange} open={at === exchanges.length - 1}>
              <summary>
                {at + 1}. {operation.name} <Line answer={answer} />
              </summary>
              <Answer answer={answer} withLine={false} />
            </details>
          ),
        )
      )}
    </div>
  );
}

function Answer({ answer, withLine = true }: { readonly answer: WireAnswer; readonly withLine?: boolean }) {
  const { headers, body, bytes } = answer;
  return (
    <div className={classes.answer}>
      {withLine && (
        <div>
          <Line answer={answer} />
        </div>
      )}
      <pre className={classes.raw} tabIndex={0} aria-label="Answer’s body">
        {body === '' ? '(empty)' : body}
      </pre>
      <details className={classes.headers}>
        <summary>
          {headers.length} headers, {bytes.toLocaleString('en')} bytes
        </summary>
        <pre className={classes.raw} tabIndex={0} aria-label="Answer’s headers">
          {headers.map(([name, value]) => `${name}: ${value}`).join('\n')}
        </pre>
        <Text size="xs" c="dimmed" mt={4}>
          Cookies are not listed: browsers keep them from pages.
        </Text>
      </details>
    </div>
  );
}

function Line({ answer: { status, reason, tookMs, headers } }: { readonly answer: WireAnswer }) {
  const type = headers.find(([name]) => name === 'content-type')?.[1];
  return (
    <span className={classes.line}>
      {/* Partners say no with a 200, too: only what HTTP itself says has a colour. */}
      <ToneBadge tone={status >= 400 ? 'bad' : 'info'}>{`${status} ${reason}`.trim()}</ToneBadge>
      <span>{tookMs < 1 ? 'under 1' : Math.round(tookMs)} ms</span>
      {type !== undefined && <span>{type}</span>}
    </span>
  );
}
