import { Loader } from '@mantine/core';
import { useEffect, useState } from 'react';
import classes from './states.module.css';

/** What is quick shows nothing: something that flashes up only disturbs. */
const PATIENCE_MS = 250;

export function Loading({ what }: { readonly what: string }) {
  const [isSlow, setSlow] = useState(false);
  useEffect(() => {
    const timer = setTimeout(() => setSlow(true), PATIENCE_MS);
    return () => clearTimeout(timer);
  }, []);
  return (
    <div className={classes.state} role="status" aria-busy>
      {isSlow && <Loader size="sm" />}
      <span className={isSlow ? undefined : 'visually-hidden'}>Loading {what} …</span>
    </div>
  );
}
