/** Bare connections: whole requests one behind the other, and requests that are none, with patience for neither. */
import { connect, type Socket } from 'node:net';
import { type Answer, takeAnswer } from './answers.ts';

/** No answer takes so long, also where the machine is busy: whoever waits longer hangs. */
export const PATIENCE_MS = 30_000;

/** What came back of a conversation. */
export interface Heard {
  readonly answers: readonly Answer[];
  /** What is wrong with the conversation itself; `null` if nothing is. */
  readonly fault: string | null;
}

export class Line {
  readonly #port: number;
  #socket: Socket | null = null;
  #received: Buffer = Buffer.alloc(0);
  #parts: Buffer[] = [];
  #hasEnded = false;
  #wake: () => void = () => undefined;

  constructor(port: number) {
    this.#port = port;
  }

  /**
   * Sends requests at once and reads their answers, fewer where the server hung up: it says so in the last one. `methods`
   * are those of the requests.
   */
  async ask(requests: readonly Buffer[], methods: readonly string[]): Promise<Heard> {
    const socket = this.#open();
    socket.write(requests.length === 1 && requests[0] !== undefined ? requests[0] : Buffer.concat(requests));
    const answers: Answer[] = [];
    const until = performance.now() + PATIENCE_MS;
    try {
      while (answers.length < methods.length) {
        const taken = takeAnswer(this.#gather(), methods[answers.length] ?? '', this.#hasEnded);
        if (taken !== null) {
          answers.push(taken.answer);
          this.#received = taken.rest;
          if (!taken.answer.isLast) continue;
          this.hangUp();
          // What could not be read far enough was not known to be a HEAD, and was answered with a body.
          const isUnread = methods[answers.length - 1] === 'HEAD' && [400, 408, 431].includes(taken.answer.status);
          const rest = isUnread ? '' : taken.rest.toString('latin1', 0, 200);
          return { answers, fault: rest === '' ? null : `after the last answer: ${JSON.stringify(rest)}` };
        }
        if (this.#hasEnded) {
          this.hangUp();
          return { answers, fault: 'hung up without an answer' };
        }
        if (!(await this.#more(until))) {
          this.hangUp();
          return { answers, fault: `no answer within ${PATIENCE_MS} ms` };
        }
      }
    } catch (error) {
      this.hangUp();
      return { answers, fault: error instanceof Error ? error.message : String(error) };
    }
    const rest = this.#gather().length;
    if (rest > 0) this.hangUp();
    return { answers, fault: rest > 0 ? 'more answers than requests' : null };
  }

  hangUp(): void {
    this.#socket?.destroy();
    this.#socket = null;
    this.#parts = [];
    this.#received = Buffer.alloc(0);
  }

  #open(): Socket {
    if (this.#socket !== null && !this.#hasEnded) return this.#socket;
    this.hangUp();
    this.#hasEnded = false;
    const socket = connect({ port: this.#port, host: '127.0.0.1', noDelay: true });
    this.#socket = socket;
    socket.on('data', (part: Buffer) => {
      if (this.#socket !== socket) return;
      this.#parts.push(part);
      this.#wake();
    });
    socket.on('error', () => undefined);
    socket.on('close', () => {
      if (this.#socket !== socket) return;
      this.#hasEnded = true;
      this.#wake();
    });
    return socket;
  }

  #gather(): Buffer {
    if (this.#parts.length > 0) {
      this.#received = Buffer.concat([this.#received, ...this.#parts]);
      this.#parts = [];
    }
    return this.#received;
  }

  /** Whether more came in time. */
  #more(until: number): Promise<boolean> {
    return new Promise((resolve) => {
      const timer = setTimeout(() => resolve(false), Math.max(0, until - performance.now()));
      this.#wake = () => {
        clearTimeout(timer);
        resolve(true);
      };
    });
  }
}

/** How the pieces of a request that may be none are sent. */
export interface Delivery {
  readonly pieces: readonly Buffer[];
  /** Between two pieces. */
  readonly pauseMs: number;
  /** What follows the last piece: our end, or nothing, so that the server must lose its patience. */
  readonly end: 'ours' | 'theirs' | 'reset';
}

/** Delivers on a line of its own, and reads until the server hangs up. `methods`: of the requests, as far as there are. */
export async function deliver(
  port: number,
  { pieces, pauseMs, end }: Delivery,
  methods: readonly string[],
): Promise<Heard> {
  const socket = connect({ port, host: '127.0.0.1', noDelay: true, allowHalfOpen: true });
  const parts: Buffer[] = [];
  let isClosed = false;
  const closed = new Promise<void>((resolve) => {
    socket.on('close', () => {
      isClosed = true;
      resolve();
    });
  });
  socket.on('data', (part: Buffer) => parts.push(part));
  socket.on('end', () => socket.end());
  socket.on('error', () => undefined);
  for (const [index, piece] of pieces.entries()) {
    if (isClosed || !socket.writable) break;
    socket.write(piece);
    if (pauseMs > 0 && index < pieces.length - 1) await new Promise((resolve) => setTimeout(resolve, pauseMs));
  }
  if (end === 'reset') {
    socket.resetAndDestroy();
    return { answers: [], fault: null };
  }
  if (end === 'ours') socket.end();
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<boolean>((resolve) => {
    timer = setTimeout(() => resolve(true), PATIENCE_MS);
  });
  const isLate = await Promise.race([closed.then(() => false), late]);
  clearTimeout(timer);
  socket.destroy();
  if (isLate)
    return { answers: answersIn(Buffer.concat(parts), methods).answers, fault: `not closed within ${PATIENCE_MS} ms` };
  return answersIn(Buffer.concat(parts), methods);
}

function answersIn(bytes: Buffer, methods: readonly string[]): Heard {
  const answers: Answer[] = [];
  let left = bytes;
  try {
    while (left.length > 0) {
      const taken = takeAnswer(left, methods[answers.length] ?? '', true);
      if (taken === null) return { answers, fault: 'half an answer' };
      answers.push(taken.answer);
      left = taken.rest;
    }
  } catch (error) {
    return { answers, fault: error instanceof Error ? error.message : String(error) };
  }
  return { answers, fault: null };
}

const CONTINUE = /^HTTP\/1\.1 100 [^\r]*\r\n\r\n/;

/** The first of an answer that does not end; a whole one where it does. `null` where none begins. */
export async function listen(port: number, request: Buffer, method: string): Promise<Answer | null> {
  const socket = connect({ port, host: '127.0.0.1', noDelay: true });
  let bytes: Buffer = Buffer.alloc(0);
  try {
    return await new Promise<Answer | null>((resolve) => {
      const timer = setTimeout(() => resolve(null), PATIENCE_MS);
      socket.on('close', () => {
        clearTimeout(timer);
        resolve(null);
      });
      socket.on('error', () => undefined);
      socket.on('data', (part: Buffer) => {
        bytes = Buffer.concat([bytes, part]);
        if (CONTINUE.test(bytes.toString('latin1'))) bytes = bytes.subarray(bytes.indexOf('\r\n\r\n') + 4);
        const end = bytes.indexOf('\r\n\r\n');
        const isStream = end > 0 && /text\/event-stream/.test(bytes.subarray(0, end).toString('latin1'));
        // Of a stream, the head says enough.
        const taken = isStream
          ? takeAnswer(bytes.subarray(0, end + 4), 'HEAD', true)
          : takeAnswer(bytes, method, false);
        if (taken === null) return;
        clearTimeout(timer);
        resolve(taken.answer);
      });
      socket.write(request);
    });
  } finally {
    socket.destroy();
  }
}
