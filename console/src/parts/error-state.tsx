import { Button } from '@mantine/core';
import { ApiError } from '../api/error.ts';
import classes from './states.module.css';

interface ErrorStateProps {
  readonly error: unknown;
  readonly onRetry?: () => void;
}

/** Why something could not be shown, in the server's own sentence. */
export function ErrorState({ error, onRetry }: ErrorStateProps) {
  const isKnown = error instanceof ApiError;
  return (
    <div className={classes.state} role="alert">
      <div className={`${classes.title} ${classes.failed}`}>{isKnown ? error.title : 'This failed'}</div>
      <div>{isKnown ? error.detail : error instanceof Error ? error.message : String(error)}</div>
      {isKnown && error.requestId !== null && <div>Request {error.requestId}</div>}
      {onRetry !== undefined && (
        <Button variant="default" onClick={onRetry}>
          Try again
        </Button>
      )}
    </div>
  );
}
