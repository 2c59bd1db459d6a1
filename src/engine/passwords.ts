/** Users' passwords: people choose them, so they are stretched with scrypt (RFC 7914) before they are kept. */
import { randomBytes, scrypt, timingSafeEqual } from 'node:crypto';
import { refusal, Refused } from '../core/errors.ts';

/** 32 MiB and some 80 ms each: what OWASP's password storage cheat sheet has beside p = 3, at a third of its time. */
const COST = { log2N: 15, r: 8, p: 1 } as const;
const SALT_BYTES = 16;
const HASH_BYTES = 32;
/** They share a few threads with the signatures of partners' requests, which must not wait for guesses. */
const AT_ONCE = 2;
/** Beyond it a sign-in would wait for seconds. */
const MAX_WAITING = 32;

const STORED = /^scrypt\$(\d{1,2})\$(\d{1,2})\$(\d{1,2})\$([\w-]+)\$([\w-]+)$/;

/** `scrypt$<log2 N>$<r>$<p>$<salt>$<hash>`, the last two base64url. */
export async function hashPassword(password: string): Promise<string> {
  const { log2N, r, p } = COST;
  const salt = randomBytes(SALT_BYTES);
  const derived = await derive(password, salt, log2N, r, p, HASH_BYTES);
  return ['scrypt', log2N, r, p, salt.toString('base64url'), derived.toString('base64url')].join('$');
}

/**
 * Whether it is the password that was kept. Where none was (`null`), the answer costs the same and is no. Throws `Refused`
 * (`overloaded`) when too many are being checked.
 */
export async function passwordMatches(password: string, kept: string | null): Promise<boolean> {
  const [, log2N, r, p, salt, hash] = STORED.exec(kept ?? '') ?? [];
  if (log2N === undefined || r === undefined || p === undefined || salt === undefined || hash === undefined) {
    await derive(password, Buffer.alloc(SALT_BYTES), COST.log2N, COST.r, COST.p, HASH_BYTES);
    return false;
  }
  const expected = Buffer.from(hash, 'base64url');
  const salted = Buffer.from(salt, 'base64url');
  const derived = await derive(password, salted, Number(log2N), Number(r), Number(p), expected.length);
  return timingSafeEqual(derived, expected);
}

let running = 0;
const waiting: (() => void)[] = [];

async function derive(
  password: string,
  salt: Buffer,
  log2N: number,
  r: number,
  p: number,
  bytes: number,
): Promise<Buffer> {
  if (running < AT_ONCE) running += 1;
  else {
    if (waiting.length >= MAX_WAITING) throw new Refused(refusal('overloaded', 'too many sign-ins at once; try again'));
    // Who ends hands the place on: it is never free in between.
    await new Promise<void>((resolve) => waiting.push(resolve));
  }
  try {
    return await scryptOf(password, salt, bytes, { N: 2 ** log2N, r, p, maxmem: 2 * 128 * r * 2 ** log2N });
  } finally {
    const next = waiting.shift();
    if (next === undefined) running -= 1;
    else next();
  }
}

function scryptOf(
  password: string,
  salt: Buffer,
  bytes: number,
  cost: { N: number; r: number; p: number; maxmem: number },
): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    // The same characters typed on another keyboard may be other code points: NIST SP 800-63B asks for one form.
    scrypt(password.normalize('NFKC'), salt, bytes, cost, (error, derived) =>
      error === null ? resolve(derived) : reject(error),
    );
  });
}
