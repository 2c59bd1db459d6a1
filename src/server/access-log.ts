/**
 * One line for each request, in the log's own format. It is written on every refund, so it is put together by hand, and
 * lines go out many at once: pino would take as long over it as the rules over the refund.
 */
import { type Logger, pino } from 'pino';

/** Lines wait for others at most this long, and in at most so many characters. */
const FLUSH_MS = 100;
const LINES_AT_ONCE = 8 * 1024;

export interface AccessLine {
  readonly requestId: string;
  readonly method: string;
  /** Without the query, which may carry a password, and without card numbers. */
  readonly path: string;
  readonly status: number;
  readonly milliseconds: number;
}

export class AccessLog {
  readonly #isOn: boolean;
  readonly #destination: { write(text: string): unknown };
  readonly #timer: NodeJS.Timeout | null;
  #lines = '';
  #timeMs = 0;
  #time = '';

  /** Writes where that logger writes, if it writes lines of level info. */
  constructor(logger: Logger) {
    this.#isOn = logger.isLevelEnabled('info');
    const destination = (logger as unknown as Record<symbol, { write(text: string): unknown } | undefined>)[
      pino.symbols.streamSym
    ];
    if (destination === undefined) throw new Error('the logger says not where it writes');
    this.#destination = destination;
    this.#timer = this.#isOn ? setInterval(() => this.flush(), FLUSH_MS) : null;
    this.#timer?.unref();
  }

  write({ requestId, method, path, status, milliseconds }: AccessLine): void {
    if (!this.#isOn) return;
    const now = Date.now();
    // Requests come in bursts: many in the same millisecond.
    if (now !== this.#timeMs) {
      this.#timeMs = now;
      this.#time = new Date(now).toISOString();
    }
    this.#lines += `{"level":30,"time":"${this.#time}","reqId":${JSON.stringify(requestId)},"method":"${method}","path":${JSON.stringify(path)},"status":${status},"ms":${Math.round(milliseconds)},"msg":"request"}\n`;
    if (this.#lines.length >= LINES_AT_ONCE) this.flush();
  }

  flush(): void {
    if (this.#lines === '') return;
    const lines = this.#lines;
    this.#lines = '';
    this.#destination.write(lines);
  }

  close(): void {
    if (this.#timer !== null) clearInterval(this.#timer);
    this.flush();
  }
}
