import { ActionIcon, CopyButton, Tooltip } from '@mantine/core';
import { IconCheck, IconCopy } from '@tabler/icons-react';
import classes from './copy-text.module.css';

interface CopyTextProps {
  readonly text: string;
  /** What it is, for the button's name: `payment id`. */
  readonly what: string;
  /** Shown instead, where the whole is too long. */
  readonly shown?: string;
}

/** An id or a reference, and a button that copies it. */
export function CopyText({ text, what, shown }: CopyTextProps) {
  return (
    <span className={classes.text}>
      <code title={shown === undefined ? undefined : text}>{shown ?? text}</code>
      <CopyButton value={text}>
        {({ copied, copy }) => (
          <Tooltip label={copied ? 'Copied' : `Copy ${what}`}>
            <ActionIcon variant="subtle" color="gray" size="xs" aria-label={`Copy ${what}`} onClick={copy}>
              {copied ? <IconCheck size={13} /> : <IconCopy size={13} />}
            </ActionIcon>
          </Tooltip>
        )}
      </CopyButton>
    </span>
  );
}
