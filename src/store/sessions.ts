/** Sign-ins of protocols that have them. Not money: written directly, outside the engine. */
import { createHash, randomBytes } from 'node:crypto';
import type { Pool } from 'pg';

const hash = (token: string): Buffer => createHash('sha256').update(token).digest();
/** 256 bits: not guessable, so that a stored SHA-256 needs no salt. */
const newToken = (): string => randomBytes(32).toString('base64url');

/** Before signing in, a session is only good for that. */
const UNUSED_SECONDS = 10 * 60;
const SIGNED_IN_SECONDS = 8 * 60 * 60;

export class Sessions {
  readonly #pool: Pool;

  constructor(pool: Pool) {
    this.#pool = pool;
  }

  /** Opens a session that nobody signed in to; returns its first token. */
  async open(protocol: string): Promise<string> {
    const token = newToken();
    await this.#pool.query({
      name: 'open_session',
      text: `INSERT INTO session (first_token_hash, protocol, expires_at) VALUES ($1, $2, now() + make_interval(secs => $3))`,
      values: [hash(token), protocol, UNUSED_SECONDS],
    });
    return token;
  }

  /**
   * Signs a credential in to an open session; returns the second token, or `null` when there is no such session, it
   * expired, or somebody signed in to it before.
   */
  async signIn(protocol: string, firstToken: string, credentialId: string): Promise<string | null> {
    const token = newToken();
    const { rowCount } = await this.#pool.query({
      name: 'sign_in',
      text: `UPDATE session SET second_token_hash = $3, credential_id = $4, expires_at = now() + make_interval(secs => $5)
             WHERE first_token_hash = $1 AND protocol = $2 AND expires_at > now() AND second_token_hash IS NULL`,
      values: [hash(firstToken), protocol, hash(token), credentialId, SIGNED_IN_SECONDS],
    });
    return rowCount === 1 ? token : null;
  }

  /** The credential that is signed in with both tokens, unless it was revoked since. */
  async credentialId(protocol: string, tokens: readonly [string, string]): Promise<string | null> {
    const { rows } = await this.#pool.query<{ credential_id: string }>({
      name: 'read_session',
      text: `SELECT session.credential_id FROM session JOIN credential ON credential.id = session.credential_id
             WHERE first_token_hash = $1 AND second_token_hash = $2 AND session.protocol = $3 AND expires_at > now()
               AND credential.revoked_at IS NULL`,
      values: [hash(tokens[0]), hash(tokens[1]), protocol],
    });
    return rows[0]?.credential_id ?? null;
  }

  async signOut(tokens: readonly [string, string]): Promise<void> {
    await this.#pool.query({
      name: 'sign_out',
      text: `DELETE FROM session WHERE first_token_hash = $1 AND second_token_hash = $2`,
      values: [hash(tokens[0]), hash(tokens[1])],
    });
  }

  /** Forgets expired sessions; a few at a time, so that it never matters. */
  async forgetExpired(): Promise<void> {
    await this.#pool.query({
      name: 'forget_sessions',
      text: `DELETE FROM session WHERE first_token_hash IN
             (SELECT first_token_hash FROM session WHERE expires_at <= now() ORDER BY expires_at LIMIT 1000)`,
    });
  }
}
