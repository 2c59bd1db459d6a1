/** Looks at every line of the server's log: each is one line of JSON, none tells a secret, none speaks of a mistake of ours. */
import { DEMO_KEYS } from '../../src/demo/index.ts';

const SECRETS = [...Object.values(DEMO_KEYS), 'sk_demo_payengine', 'demo-basic-key', 'demo-x-api-key', 'Ofa3M7zS2c3'];
/** What a terminal or a line-wise reader would take for more than text. */
const UNESCAPED = /[\u0000-\u0009\u000b-\u001f\u007f]/;
const MOST_FAULTS = 20;
const LEVEL_ERROR = 50;

export class LogWatch {
  #faults: string[] = [];

  write(text: string): void {
    if (!text.endsWith('\n')) this.#fault('a line does not end', text);
    for (const line of text.slice(0, -1).split('\n')) this.#look(line);
  }

  /** What was found since the last time. */
  faults(): string[] {
    const faults = this.#faults;
    this.#faults = [];
    return faults;
  }

  #look(line: string): void {
    let entry: { readonly level?: number; readonly trouble?: string };
    try {
      entry = JSON.parse(line);
    } catch {
      this.#fault('a line is no JSON', line);
      return;
    }
    if (UNESCAPED.test(line)) this.#fault('a line has control characters', line);
    if (entry.level === undefined || entry.level >= LEVEL_ERROR) this.#fault('a mistake of ours', line);
    // The database is there all the time: no request may make it seem away.
    if (entry.trouble === 'unreachable') this.#fault('trouble with the database', line);
    for (const secret of SECRETS) if (line.includes(secret)) this.#fault('a secret', line);
  }

  #fault(what: string, line: string): void {
    if (this.#faults.length < MOST_FAULTS) this.#faults.push(`${what}: ${JSON.stringify(line.slice(0, 2_000))}`);
  }
}
