/** Sign-ins of protocols that have them. Not money: written directly, outside the engine. */
import { createHash, randomBytes } from 'node:crypto';
import type { Pool } from 'pg';
import { CONSOLE_PROTOCOL } from '../core/user.ts';

const hash = (token: string): Buffer => createHash('sha256').update(token).digest();
/** 256 bits: not guessable, so that a stored SHA-256 needs no salt. */
const newToken = (): string => randomBytes(32).toString('base64url');

/** Before signing in, a session is only good for that. */
const UNUSED_SECONDS = 10 * 60;
const SIGNED_IN_SECONDS = 8 * 60 * 60;
/** A user who does nothing for this long is signed out; and after twelve hours, a working day and some, in any case. */
const IDLE_SECONDS = 30 * 60;
const USER_SECONDS = 12 * 60 * 60;
/** How exactly it is known when a session was last used: a write per request would buy nothing. */
const LAST_USED_SECONDS = 60;

/** A user's session. */
export interface UserSession {
  readonly credentialId: string;
  /** When it ends unless it is used: milliseconds since 1970. */
  readonly expiresAt: number;
}

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

  /** Opens a session for a user who proved who they are; returns its token. */
  async openUser(credentialId: string): Promise<{ token: string; expiresAt: number }> {
    const token = newToken();
    const { rows } = await this.#pool.query<{ ends_at: Date }>({
      name: 'open_user_session',
      text: `INSERT INTO session (first_token_hash, protocol, credential_id, expires_at)
             VALUES ($1, $2, $3, now() + make_interval(secs => $4))
             RETURNING least(expires_at, now() + make_interval(secs => $5)) AS ends_at`,
      values: [hash(token), CONSOLE_PROTOCOL, credentialId, USER_SECONDS, IDLE_SECONDS],
    });
    return { token, expiresAt: rows[0]?.ends_at.getTime() ?? 0 };
  }

  /**
   * The session that a token opens; `null` when it ended, or its user was disabled. `isUse`: from now on it may idle for its
   * whole time again.
   */
  async user(token: string, isUse: boolean): Promise<UserSession | null> {
    const { rows } = await this.#pool.query<{ credential_id: string; ends_at: Date; is_stale: boolean }>({
      name: 'read_user_session',
      text: `SELECT session.credential_id, least(expires_at, CASE WHEN $5 THEN now() ELSE last_used_at END + make_interval(secs => $3)) AS ends_at,
                    last_used_at < now() - make_interval(secs => $4) AS is_stale
             FROM session JOIN credential ON credential.id = session.credential_id
             WHERE first_token_hash = $1 AND session.protocol = $2 AND expires_at > now()
               AND last_used_at > now() - make_interval(secs => $3) AND credential.revoked_at IS NULL`,
      values: [hash(token), CONSOLE_PROTOCOL, IDLE_SECONDS, LAST_USED_SECONDS, isUse],
    });
    const [row] = rows;
    if (row === undefined) return null;
    if (isUse && row.is_stale) {
      await this.#pool.query({
        name: 'use_user_session',
        text: `UPDATE session SET last_used_at = now() WHERE first_token_hash = $1 AND protocol = $2`,
        values: [hash(token), CONSOLE_PROTOCOL],
      });
    }
    return { credentialId: row.credential_id, expiresAt: row.ends_at.getTime() };
  }

  async signOutUser(token: string): Promise<void> {
    await this.#pool.query({
      name: 'sign_out_user',
      text: `DELETE FROM session WHERE first_token_hash = $1 AND protocol = $2`,
      values: [hash(token), CONSOLE_PROTOCOL],
    });
  }

  /** Ends all sessions of a user's credential. */
  async signOutEverywhere(credentialId: string): Promise<void> {
    await this.#pool.query({
      name: 'sign_out_everywhere',
      text: `DELETE FROM session WHERE credential_id = $1 AND protocol = $2`,
      values: [credentialId, CONSOLE_PROTOCOL],
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
