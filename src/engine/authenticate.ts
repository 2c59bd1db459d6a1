/**
 * Who calls: claims checked against stored credentials. Unknown names, wrong secrets, revoked credentials and other
 * protocols' credentials all get the same answer.
 */
import { createPublicKey, hash, type KeyObject, timingSafeEqual, verify } from 'node:crypto';
import type { Credential } from '../core/account.ts';
import type { Caller, Claim } from '../core/caller.ts';
import { type Refusal, Refused } from '../core/errors.ts';
import { CONSOLE_PROTOCOL } from '../core/user.ts';
import type { AccountReader } from '../store/read-accounts.ts';
import type { Sessions } from '../store/sessions.ts';
import { Attempts, shortName } from './attempts.ts';
import { passwordMatches } from './passwords.ts';

export type Provable = Exclude<Claim, { kind: 'anyone' }>;

/** How long a credential is believed without asking the database: a revocation is effective within it. */
const CACHE_MS = 2_000;
/** Beyond it the oldest are forgotten: made-up names must not fill the memory. */
const CACHE_ENTRIES = 10_000;

export function hashSecret(secret: string): string {
  return hash('sha256', secret, 'hex');
}

/** A user who is signed in. */
export interface SignedIn {
  readonly caller: Caller;
  /** When the session ends unless it is used: milliseconds since 1970. */
  readonly expiresAt: number;
}

interface Known {
  readonly credential: Credential;
  readonly caller: Caller;
  /** SHA-256 of each secret. */
  readonly secretHashes: readonly Buffer[];
}

export class Authenticator {
  readonly #accounts: AccountReader;
  readonly #sessions: Sessions;
  /** Whether credentials of demo mode are accepted. */
  readonly demo: boolean;
  readonly #clock: () => number;
  readonly #cache = new Map<string, { readonly known: Promise<readonly Known[]>; readonly until: number }>();
  readonly #keys = new Map<string, KeyObject>();
  readonly #attempts: Attempts;

  constructor(accounts: AccountReader, sessions: Sessions, demo: boolean, clock: () => number = Date.now) {
    this.#accounts = accounts;
    this.#sessions = sessions;
    this.demo = demo;
    this.#clock = clock;
    this.#attempts = new Attempts(clock);
  }

  /**
   * The caller whom a claim proves, or `null`. `address` is where the claim came from. Throws `Refused`
   * (`rate_limited`) when that address showed too many wrong secrets, for that name or for many.
   */
  async authenticate(protocol: string, claim: Provable, address: string): Promise<Caller | null> {
    switch (claim.kind) {
      case 'session':
        return this.#remembered(sessionName(protocol, claim.tokens), async () => {
          const id = await this.#sessions.credentialId(protocol, claim.tokens);
          const credential = id === null ? null : await this.#accounts.credential(id);
          return credential === null || !this.#isUsable(credential) ? [] : [await this.#know(credential)];
        }).then(([known]) => known?.caller ?? null);
      case 'secrets':
        // A secret that stands alone has no name to guess for: the right one always opens.
        return this.#counted(protocol, claim.lookup, address, claim.lookup !== null, async () => {
          for (const first of [claim.secrets[0] ?? '', ...(claim.alternatives ?? [])]) {
            const hashes = [first, ...claim.secrets.slice(1)].map(hashSecret);
            const known = await this.#lookUp(protocol, claim.lookup ?? hashes[0] ?? '');
            const match = known.find(({ secretHashes }) => sameHashes(hashes, secretHashes));
            if (match !== undefined) return match;
          }
          return null;
        });
      case 'signature':
        // A signature cannot be guessed, and its name is public: a right one always opens, whoever sent wrong ones.
        return this.#counted(protocol, claim.lookup, address, false, async () => {
          for (const known of await this.#lookUp(protocol, claim.lookup)) {
            const { publicKey } = known.credential;
            if (publicKey !== null && (await signatureHolds(this.#key(publicKey), claim))) return known;
          }
          return null;
        });
    }
  }

  /** Opens a session that nobody signed in to; returns its first token. Throws `Refused` (`rate_limited`). */
  async openSession(protocol: string, address: string): Promise<string> {
    refuse(this.#attempts.session(protocol, address));
    return this.#sessions.open(protocol);
  }

  /** Signs in to an open session; returns its second token, or `null` when anything about it is wrong. */
  async signIn(
    protocol: string,
    firstToken: string,
    lookup: string,
    secret: string,
    address: string,
  ): Promise<string | null> {
    const caller = await this.authenticate(protocol, { kind: 'secrets', lookup, secrets: [secret] }, address);
    if (caller === null) return null;
    return this.#sessions.signIn(protocol, firstToken, caller.credentialId);
  }

  /** Ends a session; whoever shows its tokens to this server after that is unknown. */
  async signOut(protocol: string, tokens: readonly [string, string]): Promise<void> {
    await this.#sessions.signOut(tokens);
    this.#cache.delete(sessionName(protocol, tokens));
  }

  /**
   * The user whose name and password these are, or `null`: the same, and at the same cost, for an unknown name and a wrong
   * password. Throws `Refused` (`rate_limited`, `overloaded`).
   */
  async user(name: string, password: string, address: string): Promise<Caller | null> {
    return this.#counted(CONSOLE_PROTOCOL, name, address, true, async () => {
      // There is one: the database lets no two users of one name live.
      const [known] = await this.#lookUp(CONSOLE_PROTOCOL, name);
      const matches = await passwordMatches(password, known?.credential.secretHashes[0] ?? null);
      return matches ? (known ?? null) : null;
    });
  }

  /** A user of demo mode, who needs no password; `null` where there is no demo, or no such user. */
  async demoUser(name: string): Promise<Caller | null> {
    const known = this.demo ? await this.#lookUp(CONSOLE_PROTOCOL, name) : [];
    const found = known.find(({ credential }) => credential.demo);
    return found?.caller ?? null;
  }

  /**
   * The user who is signed in with a token; `null` when the session ended. `isUse`: whether somebody is there, so that the
   * session may idle for its whole time again; what a page does by itself is none.
   */
  async signedIn(token: string, isUse = true): Promise<SignedIn | null> {
    const session = await this.#sessions.user(token, isUse);
    if (session === null) return null;
    const credential = await this.#accounts.credential(session.credentialId);
    if (credential === null || !this.#isUsable(credential)) return null;
    return { caller: (await this.#know(credential)).caller, expiresAt: session.expiresAt };
  }

  /**
   * Proves a claim, counting failures. Where a name can be guessed for, it `closes` after too many, for the right secret
   * too; also for guesses that were on their way together, whichever of them was right.
   */
  async #counted(
    protocol: string,
    lookup: string | null,
    address: string,
    closes: boolean,
    prove: () => Promise<Known | null>,
  ): Promise<Caller | null> {
    const name = lookup ?? '';
    if (closes) refuse(this.#attempts.closed(protocol, name, address));
    const known = await prove();
    if (closes) refuse(this.#attempts.closed(protocol, name, address));
    if (known === null) refuse(this.#attempts.failed(protocol, name, address, closes));
    else if (closes) this.#attempts.opened(protocol, name, address);
    return known?.caller ?? null;
  }

  #lookUp(protocol: string, lookup: string): Promise<readonly Known[]> {
    return this.#remembered(`${protocol}\u0000${shortName(lookup)}`, async () => {
      const credentials = await this.#accounts.liveCredentials(protocol, lookup);
      return Promise.all(credentials.filter((credential) => this.#isUsable(credential)).map((one) => this.#know(one)));
    });
  }

  /** What was asked for under that name a moment ago, or is asked for now. */
  #remembered(name: string, ask: () => Promise<readonly Known[]>): Promise<readonly Known[]> {
    const now = this.#clock();
    const cached = this.#cache.get(name);
    if (cached !== undefined && cached.until > now) return cached.known;
    const known = ask();
    // A failed look-up must not be believed; and the entry goes to the end, where the youngest are.
    known.catch(() => this.#cache.delete(name));
    this.#cache.delete(name);
    forgetOldest(this.#cache);
    this.#cache.set(name, { known, until: now + CACHE_MS });
    return known;
  }

  #isUsable(credential: Credential): boolean {
    return credential.revokedAt === null && (this.demo || !credential.demo);
  }

  async #know(credential: Credential): Promise<Known> {
    const { merchantId } = credential;
    const merchant = merchantId === null ? null : await this.#accounts.merchant(merchantId);
    return {
      credential,
      caller: toCaller(credential, merchant?.name ?? ''),
      secretHashes: credential.secretHashes.map((hash) => Buffer.from(hash, 'hex')),
    };
  }

  #key(pem: string): KeyObject {
    const known = this.#keys.get(pem);
    if (known !== undefined) return known;
    const key = createPublicKey(pem);
    forgetOldest(this.#keys);
    this.#keys.set(pem, key);
    return key;
  }
}

function forgetOldest(map: Map<string, unknown>): void {
  if (map.size < CACHE_ENTRIES) return;
  const [oldest] = map.keys();
  if (oldest !== undefined) map.delete(oldest);
}

function refuse(refused: Refusal | null): void {
  if (refused !== null) throw new Refused(refused);
}

function toCaller(credential: Credential, merchantName: string): Caller {
  return {
    merchantId: credential.merchantId,
    merchantName,
    credentialId: credential.id,
    protocol: credential.protocol,
    role: credential.role,
    label: credential.label,
    lookup: credential.lookup,
    settings: credential.settings,
    demo: credential.demo,
  };
}

/** Compares two secrets in a time that says nothing of either: their hashes are of one length. */
export const isSameSecret = (given: string, expected: string): boolean =>
  timingSafeEqual(hash('sha256', given, 'buffer'), hash('sha256', expected, 'buffer'));

/** Compares hashes in constant time, all of them whatever the first says. */
function sameHashes(given: readonly string[], stored: readonly Buffer[]): boolean {
  if (given.length !== stored.length || stored.length === 0) return false;
  let same = true;
  for (const [index, hash] of stored.entries()) {
    const shown = Buffer.from(given[index] ?? '', 'hex');
    same = shown.length === hash.length && timingSafeEqual(shown, hash) && same;
  }
  return same;
}

/** Under what a session is remembered: of its tokens only their hash is. */
const sessionName = (protocol: string, tokens: readonly [string, string]): string =>
  `${protocol}\u0000session\u0000${hashSecret(tokens.join('\u0000'))}`;

/** RSA PKCS#1 v1.5 with SHA-256, off the main thread: a check costs tens of microseconds. */
function signatureHolds(key: KeyObject, claim: Extract<Claim, { kind: 'signature' }>): Promise<boolean> {
  return new Promise((resolve) => {
    verify('sha256', claim.message, key, claim.signature, (error, holds) => resolve(error === null && holds));
  });
}
