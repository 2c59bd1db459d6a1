/** The pages about the command line list what there is: no more and no less. */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import type { Command } from 'commander';
import { credentialCommand } from '../../src/cli/credential.ts';
import { COLUMNS } from '../../src/cli/import/columns.ts';
import { merchantCommand } from '../../src/cli/merchant.ts';
import { paymentCommand } from '../../src/cli/payment.ts';
import { refundCommand } from '../../src/cli/refund.ts';
import { userCommand } from '../../src/cli/user.ts';
import { referenceNamespaces } from '../../src/dialects/references.ts';

const page = (name: string): string => readFileSync(new URL(`../../docs/${name}`, import.meta.url), 'utf8');

test('the page on importing lists every column', () => {
  const listed = [...page('start/import.md').matchAll(/^\| `([\w.-]+)` /gm)].map(([, name]) => name);
  const known = [...Object.keys(COLUMNS), ...referenceNamespaces().map(({ name }) => name)];
  assert.deepEqual(new Set(listed), new Set(known));
});

test('the page on the command line lists every command', () => {
  const text = page('reference/cli.md');
  const groups: readonly Command[] = [
    merchantCommand(),
    credentialCommand(),
    userCommand(),
    paymentCommand(),
    refundCommand(),
  ];
  const names = groups.flatMap((group) => group.commands.map((command) => `${group.name()} ${command.name()}`));
  const alone = ['start', 'serve', 'migrate', 'settle', 'import', 'verify', 'backup', 'restore', 'move', 'sign'];
  // `refund create` is listed by its short form.
  for (const name of [...names.filter((one) => one !== 'refund create'), ...alone])
    assert.ok(text.includes(`| \`${name}`), name);
});
