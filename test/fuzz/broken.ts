/** Requests that are no HTTP, or hardly: lines, lengths, chunks and pauses as no client of ours sends them. */
import type { Random } from '../kit/random.ts';
import { chunks, type Draft, headOf } from './draft.ts';
import { FAULTY_ID } from './channel.ts';
import type { Delivery } from './line.ts';

export interface BrokenShot {
  readonly what: string;
  readonly delivery: Delivery;
  readonly methods: readonly string[];
  /** Whether the server must say something before it hangs up. */
  readonly isAnswered: boolean;
  /** The most answers that there may be. */
  readonly mostAnswers: number;
}

const latin1 = (text: string): Buffer => Buffer.from(text, 'latin1');

const LINES = [
  'NONSENSE',
  '',
  ' ',
  'GET',
  'GET /',
  'GET / HTTP/0.9',
  'GET / HTTP/1.2',
  'GET / HTTP/2.0',
  'GET / HTTP/1.10',
  'GET / http/1.1',
  'get / HTTP/1.1',
  'GET  / HTTP/1.1',
  'GET\t/\tHTTP/1.1',
  'GET / HTTP/1.1 ',
  'GET /a b HTTP/1.1',
  'GET /\u0000 HTTP/1.1',
  'GET /\u007f HTTP/1.1',
  'GET \u00ff HTTP/1.1',
  'GET example.com:80 HTTP/1.1',
  'GET v1/me HTTP/1.1',
  'POST * HTTP/1.1',
  'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n',
  '{"amount":1}',
  '<?xml version="1.0"?>',
  '__proto__ / HTTP/1.1',
  `GET /${'a'.repeat(17_000)} HTTP/1.1`,
  `${'A'.repeat(17_000)} / HTTP/1.1`,
  `POST /api/refund?${'a=1&'.repeat(4_500)} HTTP/1.1`,
];

const NOISE: readonly Buffer[] = [
  // TLS, SOCKS, SSH, a database client: whoever took the port for another.
  Buffer.from('16030100a5010000a10303', 'hex'),
  Buffer.from('050100', 'hex'),
  latin1('SSH-2.0-x\r\n'),
  Buffer.from('0000000804d2162f', 'hex'),
  Buffer.alloc(20_000, 0),
  Buffer.alloc(20_000, 'a'),
  Buffer.alloc(20_000, '\r\n'),
  Buffer.from('ff'.repeat(500), 'hex'),
];

const HEADER_LINES = [
  'no-colon',
  ': no name',
  'a b: c',
  'a : b',
  ' folded: a',
  'x: a\r\n folded',
  'x: a\u0000b',
  'x: a\u0001b',
  'x: a\rb',
  'x\u00ff: a',
  'x\u0000: a',
  'host: other',
  `x-large: ${'x'.repeat(17_000)}`,
  'content-length: -1',
  'content-length: +1',
  'content-length: 0x10',
  'content-length: 1e1',
  'content-length: 1, 1',
  'content-length: 99999999999999999999',
  'content-length: 9007199254740993',
  'content-length: ',
  'content-length: 1\r\ncontent-length: 2',
  'transfer-encoding: xchunked',
  'transfer-encoding: chunked, identity',
  'transfer-encoding: gzip',
  'transfer-encoding: identity',
  'transfer-encoding: chunked\r\ntransfer-encoding: chunked',
  'transfer-encoding:\u000bchunked',
  'Transfer-Encoding: chunked\r\ncontent-length: 5',
];

/** Chunks that end wherever and say whatever; each must end the request. */
const CHUNKS = [
  'z\r\n',
  '-1\r\n',
  '0x5\r\nabcde\r\n',
  'ffffffffffffffffff\r\n',
  '5\r\nabc\r\n',
  '5\r\nabcdefg\r\n',
  '5 \r\nabcde\r\n',
  '5;\u0000\r\nabcde\r\n',
  `1;${'e'.repeat(17_000)}\r\na\r\n`,
  '\r\n',
  '5\nabcde\n',
  '1\r\na\r\n0\r\ncontent-length: 9\r\nx\u0000: 1\r\n\r\n',
  `1\r\na\r\n0\r\nx-t: ${'t'.repeat(20_000)}\r\n\r\n`,
];

/** Of these, something may come: some bad headers are good enough, and whole requests are whole in any number of pieces. */
const HARMLESS: ReadonlySet<number> = new Set([2, 8, 11]);

/** Of these, the server has all that it needs to answer. */
const WHOLE: ReadonlySet<number> = new Set([2, 3, 4, 5, 8, 11]);

/** Cuts bytes anywhere, into as many pieces at most. */
function pieces(bytes: Buffer, most: number, random: Random): Buffer[] {
  const cuts = Array.from({ length: random.between(1, most) }, () => random.between(0, bytes.length)).sort(
    (a, b) => a - b,
  );
  return [0, ...cuts].map((from, index, all) => bytes.subarray(from, all[index + 1] ?? bytes.length));
}

/** Makes something broken of a draft that was none; a few of these wait for the server's patience to end. */
export function breakRequest(draft: Draft, random: Random, number: number, isSlow: boolean): BrokenShot {
  // Whoever has all parameters in the address needs no body: that would be whole without one.
  if (draft.method !== 'GET') draft.target = draft.target.split('?', 1).join();
  const body = draft.body === null || draft.body.length === 0 ? Buffer.from('{}') : draft.body;
  const method = draft.method;
  draft.headers = draft.headers.filter(
    ([name]) => !['x-request-id', 'expect', 'upgrade', 'connection'].includes(name.toLowerCase()),
  );
  const kind = isSlow ? 0 : random.between(0, 11);
  // The id says in the journal what nothing may have come of.
  const isFaulty = !HARMLESS.has(kind);
  draft.headers.push(['x-request-id', `${isFaulty ? FAULTY_ID : 'broken-'}${number}`]);
  // Who hangs up first gets no answer: where one is due, the server is asked to.
  if (WHOLE.has(kind)) draft.headers.push(['connection', 'close']);
  const head = headOf(draft);
  const shot = (what: string, bytes: Buffer, more: Partial<BrokenShot & Delivery> = {}): BrokenShot => {
    const { end = isSlow || WHOLE.has(kind) ? 'theirs' : 'ours', pauseMs = 0, pieces: given, ...rest } = more;
    return {
      what,
      delivery: { pieces: given ?? (random.oneIn(4) ? pieces(bytes, 6, random) : [bytes]), pauseMs, end },
      methods: [method],
      isAnswered: true,
      mostAnswers: 1,
      ...rest,
    };
  };
  const whole = latin1(`${head}content-length: ${body.length}\r\n\r\n`);
  if (isSlow) return slow(shot, draft, body, random);
  switch (kind) {
    case 0:
      return shot('a bad request line', latin1(`${random.pick(LINES)}\r\nhost: a\r\n\r\n`), {
        methods: ['GET', 'GET'],
        isAnswered: false,
        mostAnswers: 2,
      });
    case 1:
      return shot('noise', random.pick(NOISE), { methods: ['GET'], isAnswered: false });
    case 2:
      return shot(
        'a bad header',
        Buffer.concat([latin1(`${head}${random.pick(HEADER_LINES)}\r\ncontent-length: ${body.length}\r\n\r\n`), body]),
        {
          methods: [method, 'GET'],
          mostAnswers: 2,
        },
      );
    case 3:
      return shot(
        'thousands of headers',
        latin1(
          `${head}${Array.from({ length: random.pick([500, 1_990, 3_000]) }, (_, index) => `h${index}: v\r\n`).join('')}content-length: 5\r\n\r\n{"a":`,
        ),
      );
    case 4:
      return shot(
        'two lengths',
        Buffer.concat([
          latin1(`${head}content-length: ${body.length}\r\ntransfer-encoding: chunked\r\n\r\n`),
          ...chunks(body, random),
        ]),
      );
    case 5:
      return shot('a bad chunk', latin1(`${head}transfer-encoding: chunked\r\n\r\n${random.pick(CHUNKS)}`));
    case 6: {
      const parts = Buffer.concat(chunks(body, random));
      return shot(
        'chunks without an end',
        Buffer.concat([
          latin1(`${head}transfer-encoding: chunked\r\n\r\n`),
          parts.subarray(0, random.between(0, parts.length - 5)),
        ]),
      );
    }
    case 7:
      return shot(
        'a body cut short',
        Buffer.concat([latin1(`${head}content-length: ${body.length + random.pick([1, 10, 60_000])}\r\n\r\n`), body]),
      );
    case 8:
      return shot('a body longer than it says', Buffer.concat([whole, body, latin1('NONSENSE\r\n\r\n')]), {
        methods: [method, 'GET'],
        mostAnswers: 2,
      });
    case 9:
      return shot('headers without an end', latin1(head.slice(0, random.between(1, head.length))), {
        isAnswered: false,
      });
    case 10:
      return shot('hung up amid it', Buffer.concat([whole, body.subarray(0, Math.max(0, body.length - 1))]), {
        end: 'reset',
        isAnswered: false,
      });
    default: {
      const bytes = Buffer.concat([latin1(`${head}transfer-encoding: chunked\r\n\r\n`), ...chunks(body, random)]);
      // An answer before the last piece is lost with the connection, where more comes than is read.
      return shot('pieces', bytes, { pieces: pieces(bytes, 40, random), pauseMs: 1, isAnswered: false });
    }
  }
}

/** Those who send nothing more, or a byte now and then. */
function slow(
  shot: (what: string, bytes: Buffer, more?: object) => BrokenShot,
  draft: Draft,
  body: Buffer,
  random: Random,
): BrokenShot {
  const head = latin1(`${headOf(draft)}content-length: ${body.length + 100}\r\n\r\n`);
  const drops = (bytes: Buffer): Buffer[] => Array.from({ length: 60 }, (_, index) => bytes.subarray(index, index + 1));
  switch (random.between(0, 3)) {
    case 0:
      return shot('headers that stop', head.subarray(0, random.between(1, head.length - 4)), { isAnswered: true });
    case 1:
      return shot('a body that stops', Buffer.concat([head, body]), { isAnswered: true });
    case 2:
      return shot('headers drop by drop', head, { pieces: drops(head), pauseMs: 150 });
    default:
      return shot('a body drop by drop', head, {
        pieces: [head, ...drops(Buffer.concat([body, Buffer.alloc(80, ' ')]))],
        pauseMs: 150,
      });
  }
}
