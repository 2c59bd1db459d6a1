/** The server as a process that can be asked, and that can die. */
import { type ChildProcess, fork } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import type { DatabaseSettings } from '../../src/store/connection.ts';
import type { Inspection, Question, Refill, Setting } from './channel.ts';

const SERVED = fileURLToPath(new URL('served.ts', import.meta.url));
/** What it says last, when it dies. */
const LAST_WORDS = 4_000;

interface Reply {
  readonly number: number;
  readonly answer?: unknown;
  readonly error?: string;
}

export class Server {
  readonly setting: Setting;
  readonly #child: ChildProcess;
  readonly #waiting: Map<number, (reply: Reply) => void>;
  readonly #death: { text: string | null };
  #number = 0;

  private constructor(
    child: ChildProcess,
    setting: Setting,
    waiting: Map<number, (reply: Reply) => void>,
    death: { text: string | null },
  ) {
    this.#child = child;
    this.setting = setting;
    this.#waiting = waiting;
    this.#death = death;
  }

  static async start(database: DatabaseSettings): Promise<Server> {
    const { NODE_TEST_CONTEXT: _context, ...env } = process.env;
    const child = fork(SERVED, {
      env: { ...env, REFUNDRY_FUZZ_DATABASE: JSON.stringify(database) },
      stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
      execArgv: [],
    });
    const waiting = new Map<number, (reply: Reply) => void>();
    const death: { text: string | null } = { text: null };
    let words = '';
    const hear = (chunk: Buffer): void => void (words = (words + chunk.toString()).slice(-LAST_WORDS));
    child.stdout?.on('data', hear);
    child.stderr?.on('data', hear);
    const first = new Promise<Reply>((resolve) => waiting.set(0, resolve));
    child.on('message', (reply: Reply) => {
      waiting.get(reply.number)?.(reply);
      waiting.delete(reply.number);
    });
    child.on('exit', (code, signal) => {
      death.text = `the server ended with ${code ?? signal}: ${words}`;
      for (const resolve of waiting.values()) resolve({ number: 0, error: death.text });
      waiting.clear();
    });
    return new Server(child, answerOf(await first) as Setting, waiting, death);
  }

  /** How it died; `null` while it lives. */
  get death(): string | null {
    return this.#death.text;
  }

  refill(payments: number): Promise<Refill> {
    return this.#ask({ ask: 'refill', payments }) as Promise<Refill>;
  }

  inspect(): Promise<Inspection> {
    return this.#ask({ ask: 'inspect' }) as Promise<Inspection>;
  }

  /** What `refundry verify` says of the books. */
  verify(): Promise<readonly string[]> {
    return this.#ask({ ask: 'verify' }) as Promise<readonly string[]>;
  }

  async stop(): Promise<void> {
    if (this.#death.text !== null) return;
    const ended = new Promise((resolve) => this.#child.once('exit', resolve));
    this.#child.disconnect();
    await ended;
  }

  async #ask(question: Question): Promise<unknown> {
    if (this.#death.text !== null) throw new Error(this.#death.text);
    this.#number += 1;
    const number = this.#number;
    const reply = new Promise<Reply>((resolve) => this.#waiting.set(number, resolve));
    this.#child.send({ number, question });
    return answerOf(await reply);
  }
}

function answerOf({ answer, error }: Reply): unknown {
  if (error !== undefined) throw new Error(error);
  return answer;
}
