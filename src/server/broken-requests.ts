/**
 * Requests that are no HTTP, too large in their headers, or too slow: Node's parser turns them down before any handler
 * could, and they are answered on the bare socket, in the shape of whoever was asked.
 */
import { maxHeaderSize, STATUS_CODES } from 'node:http';
import type { Socket } from 'node:net';
import type { FastifyReply } from 'fastify';
import type { Logger } from 'pino';
import { exactJson } from '../api/exact-json.ts';
import { problemOf } from '../api/problems.ts';
import { refusal } from '../core/errors.ts';
import type { Dialect, WireAnswer } from '../dialects/dialect.ts';
import { newRequestId } from './request-ids.ts';

/** What Node says of such a request. */
interface ParserError extends Error {
  readonly code?: string | undefined;
  /** The parser's own words, without a byte of the request. */
  readonly reason?: string;
  /** What was being read. */
  readonly rawPacket?: unknown;
}

export interface BrokenRequestsParts {
  readonly logger: Logger;
  readonly requestTimeoutMs: number;
  /** What every answer has. */
  readonly headers: Readonly<Record<string, string>>;
  /** Whose path it is, if any partner's. */
  dialectAt(url: string): Dialect | undefined;
}

/** What is known of a request that was given up; nothing, where it cannot be told. */
interface Asked {
  readonly method: string;
  readonly url: string;
}

const REQUEST_LINE = /^([A-Z]+) (?:(\/\S*) HTTP\/1\.[01]\r?\n)?/;

export class BrokenRequests {
  readonly #parts: BrokenRequestsParts;
  /** The youngest request of each connection. */
  readonly #youngest = new WeakMap<object, FastifyReply>();
  readonly #given = new WeakSet<object>();

  constructor(parts: BrokenRequestsParts) {
    this.#parts = parts;
  }

  /** To be told of every request as soon as its headers are there. */
  begin(reply: FastifyReply): void {
    this.#youngest.set(reply.raw.req.socket, reply);
  }

  /** For Node's `clientError`: answers, unless that could be taken for the answer to another request, and hangs up. */
  answer(error: ParserError, socket: Socket): void {
    if (this.#given.has(socket)) return;
    if (error.code === 'ECONNRESET' || !socket.writable) {
      socket.destroy();
      return;
    }
    this.#given.add(socket);
    const reply = this.#youngest.get(socket);
    if (reply !== undefined && isLast(reply)) {
      socket.destroySoon();
      return;
    }
    if (reply === undefined || (reply.raw.writableFinished && reply.raw.req.complete)) {
      this.#write(error, socket, requestIn(error.rawPacket), newRequestId());
    } else if (reply.raw.req.complete) {
      // What cannot be read came after a whole request: that one is answered, whatever becomes of the rest.
      reply.raw.once('close', () => socket.destroySoon());
    } else if (reply.raw.headersSent || reply.raw.socket === null) {
      // It has its answer already, or waits for those to earlier ones: nothing more may be said here.
      socket.destroySoon();
    } else {
      this.#write(error, socket, reply.request, reply.request.id);
    }
  }

  #write(error: ParserError, socket: Socket, { method, url }: Asked, requestId: string): void {
    const { status, message } = this.#describe(error);
    const refused = refusal('invalid_request', message);
    const dialect = this.#parts.dialectAt(url);
    const answer: WireAnswer =
      dialect === undefined
        ? {
            status,
            contentType: 'application/problem+json; charset=utf-8',
            body: exactJson(problemOf(refused, { requestId, status })),
          }
        : dialect.refuse(refused);
    const body = Buffer.from(answer.body);
    const head = [
      `HTTP/1.1 ${answer.status} ${STATUS_CODES[answer.status] ?? ''}`,
      `content-type: ${answer.contentType}`,
      `content-length: ${body.length}`,
      `x-request-id: ${requestId}`,
      ...Object.entries(this.#parts.headers).map(([name, value]) => `${name}: ${value}`),
      'connection: close',
    ];
    this.#parts.logger.info({ reqId: requestId, code: error.code, status: answer.status }, 'broken request');
    // An answer to HEAD ends with its head: what came after it would be taken for another answer.
    const said = method === 'HEAD' ? [] : [body];
    socket.write(Buffer.concat([Buffer.from(`${head.join('\r\n')}\r\n\r\n`), ...said]));
    socket.destroySoon();
  }

  #describe({ code, reason }: ParserError): { readonly status: number; readonly message: string } {
    switch (code) {
      case 'ERR_HTTP_REQUEST_TIMEOUT':
        return { status: 408, message: `the request did not arrive within ${this.#parts.requestTimeoutMs / 1000} s` };
      case 'HPE_HEADER_OVERFLOW':
        return { status: 431, message: `the headers are larger than ${maxHeaderSize / 1024} KiB` };
      case 'HPE_CHUNK_EXTENSIONS_OVERFLOW':
        return { status: 413, message: 'the extensions of a chunk are too large' };
      default:
        return {
          status: 400,
          message: `the request is not valid HTTP/1.1${reason === undefined ? '' : `: ${reason}`}`,
        };
    }
  }
}

/** Whether an answer said that it is the last of its connection: after it comes nothing (RFC 9112, 9.6). */
function isLast({ raw }: FastifyReply): boolean {
  return raw.headersSent && (!raw.shouldKeepAlive || raw.getHeader('connection') === 'close');
}

function requestIn(packet: unknown): Asked {
  const [, method = '', url = ''] = Buffer.isBuffer(packet) ? (REQUEST_LINE.exec(packet.toString('latin1')) ?? []) : [];
  return { method, url };
}
