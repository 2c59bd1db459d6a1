/** Asking for a new password: unseen on a terminal, or one line of standard input for programs. */
import { createInterface } from 'node:readline';
import { Writable } from 'node:stream';
import { text as readAll } from 'node:stream/consumers';
import { usage } from './failure.ts';

/** Throws `Failure` (`usage`) where there is nobody to ask. */
export async function readNewPassword(name: string, fromStdin: boolean): Promise<string> {
  if (fromStdin) {
    const [line = ''] = (await readAll(process.stdin)).split(/\r?\n/, 1);
    return line;
  }
  if (!process.stdin.isTTY) {
    throw usage('there is no terminal to ask for the password: write it to standard input, with --password-stdin');
  }
  const first = await ask(`Password of ${name}: `);
  if ((await ask('The same again: ')) !== first) throw usage('the passwords differ');
  return first;
}

function ask(question: string): Promise<string> {
  // What is typed must not be seen: readline echoes into nothing.
  const nothing = new Writable({ write: (_chunk, _encoding, done) => done() });
  const reader = createInterface({ input: process.stdin, output: nothing, terminal: true });
  process.stderr.write(question);
  return new Promise<string>((resolve, reject) => {
    reader.once('SIGINT', () => {
      reader.close();
      // Nothing has begun: end as Ctrl-C ends any program.
      process.kill(process.pid, 'SIGINT');
    });
    reader.once('close', () => reject(usage('no password was given')));
    reader.once('line', resolve);
  }).finally(() => {
    process.stderr.write('\n');
    reader.close();
  });
}
