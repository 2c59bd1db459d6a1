/** People at the console: users, and browsers that are signed in as one. */
import assert from 'node:assert/strict';
import type { AmountByCurrency } from '../../src/core/policy.ts';
import type { UserRole } from '../../src/core/user.ts';
import { newUser } from '../../src/engine/users.ts';
import type { HttpAnswer, TestServer } from './server.ts';

export const PASSWORD = 'correct horse battery';

export interface UserOptions {
  readonly name?: string;
  readonly merchantId?: string | null;
  readonly limits?: AmountByCurrency;
  readonly password?: string;
}

let users = 0;

/** Makes a user; returns the sign-in name, and the credential's id. */
export async function makeUser(
  server: TestServer,
  role: UserRole,
  { name = `${role}-${(users += 1)}`, merchantId = null, limits = {}, password = PASSWORD }: UserOptions = {},
): Promise<{ name: string; id: string }> {
  const credential = await newUser({ name, role, label: `A ${role}`, limits, password });
  const outcome = await server.books.command(merchantId, { kind: 'create_credential', credential });
  if (outcome.credential === null) throw new Error(outcome.refusal?.message ?? 'no user');
  return { name, id: outcome.credential.id };
}

/** An answer in JSON. */
export interface JsonAnswer extends HttpAnswer {
  // What an answer holds is what the tests are about: they read it as it comes.
  readonly json: any;
}

/** A browser on the console's pages: it keeps the cookie, and says where its requests come from. */
export class Browser {
  readonly server: TestServer;
  /** `refundry_session=…`; empty before signing in. */
  cookie = '';

  constructor(server: TestServer) {
    this.server = server;
  }

  /** Makes a user and signs in. */
  static async of(server: TestServer, role: UserRole, options: UserOptions = {}): Promise<Browser> {
    const { name } = await makeUser(server, role, options);
    const browser = new Browser(server);
    const answer = await browser.signIn(name, options.password);
    assert.equal(answer.status, 200, answer.body);
    return browser;
  }

  signIn(name: string, password = PASSWORD): Promise<JsonAnswer> {
    return this.post('/console/api/sign-in', { name, password });
  }

  get(path: string): Promise<JsonAnswer> {
    return this.send('GET', path);
  }

  post(path: string, body?: unknown, headers: Readonly<Record<string, string>> = {}): Promise<JsonAnswer> {
    return this.send('POST', path, body, headers);
  }

  /** One request as the pages' script makes it, with further headers, or others; an empty one is left out. */
  async send(
    method: string,
    path: string,
    body?: unknown,
    headers: Readonly<Record<string, string>> = {},
  ): Promise<JsonAnswer> {
    const all = {
      'x-refundry-console': '1',
      'sec-fetch-site': 'same-origin',
      ...(method === 'GET' ? {} : { origin: this.server.url }),
      ...(body === undefined ? {} : { 'content-type': 'application/json' }),
      cookie: this.cookie,
      ...headers,
    };
    const answer = await this.server.send({
      method,
      path,
      headers: Object.fromEntries(Object.entries(all).filter(([, value]) => value !== '')),
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    const [set] = answer.headers.getSetCookie();
    if (set !== undefined)
      this.cookie = set
        .split(';', 1)
        .join()
        .replace(/^[^=]+=$/, '');
    const isJson = (answer.headers.get('content-type') ?? '').includes('json');
    return { ...answer, json: isJson && answer.body !== '' ? JSON.parse(answer.body) : null };
  }
}
