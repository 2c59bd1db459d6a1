/**
 * A person at the console: a real Chromium on a real server with a database of its own. Each test file starts one
 * browser; each person has a profile, and so a session, of their own.
 */
import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { after } from 'node:test';
import type { Browser, BrowserContext, Page } from 'playwright-core';
import type { UserRole } from '../../src/core/user.ts';
import { makeUser, PASSWORD, type UserOptions } from '../kit/console.ts';
import { ROOT } from '../kit/process.ts';
import { TestServer, type TestServerOptions } from '../kit/server.ts';
import { launchChromium } from './chromium.ts';

const require = createRequire(import.meta.url);
const AXE = readFileSync(require.resolve('axe-core/axe.min.js'), 'utf8');

/** Everything that axe-core knows of WCAG 2.2 A and AA, and its best practices. */
const AXE_TAGS = ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice'];

/** What still fades in has not its colours yet; what turns for ever is not waited for. */
const STILL = `Promise.allSettled(document.getAnimations()
  .filter(({ effect }) => effect.getComputedTiming().endTime !== Infinity)
  .map(({ finished }) => finished)).then(() => undefined)`;

export interface PersonOptions extends UserOptions {
  readonly width?: number;
  readonly colorScheme?: 'light' | 'dark';
}

/** Somebody at a browser of their own. */
export class Person {
  readonly page: Page;
  readonly context: BrowserContext;
  readonly #base: string;
  /** What went wrong on the page without being shown: exceptions, and what the policy on content forbade. */
  readonly #troubles: string[] = [];

  constructor(context: BrowserContext, page: Page, base: string) {
    this.context = context;
    this.page = page;
    this.#base = base;
    page.on('pageerror', (error) => this.#troubles.push(error.message));
    page.on('console', (message) => {
      // Answers of 4xx are told there, too: pages show what they say.
      if (message.type() === 'error' && !message.text().startsWith('Failed to load resource')) {
        this.#troubles.push(message.text());
      }
    });
  }

  /** Goes to a page of the console. */
  async go(path: string): Promise<void> {
    await this.page.goto(`${this.#base}/console${path}`);
  }

  async signIn(name: string, password = PASSWORD): Promise<void> {
    await this.page.getByLabel('Name').fill(name);
    await this.page.getByLabel('Password', { exact: true }).fill(password);
    await this.page.getByRole('button', { name: 'Sign in', exact: true }).click();
  }

  /** Where the person is: the path below `/console`, with its query. */
  get place(): string {
    const { pathname, search } = new URL(this.page.url());
    return pathname.replace(/^\/console/, '') + search;
  }

  /** Asserts that what is on screen can be used by everybody, fits the screen, and went without trouble. */
  async assertSound(): Promise<void> {
    // What is dimmed is on its way out: it is about to be shown anew.
    await this.page.locator('[data-old]').first().waitFor({ state: 'detached' });
    await this.page.evaluate(STILL);
    await this.page.evaluate(AXE);
    const tags = JSON.stringify(AXE_TAGS);
    const violations = await this.page.evaluate<string[]>(
      `axe.run(document, { runOnly: ${tags} }).then(({ violations }) =>
         violations.map(({ id, nodes }) => id + ': ' + nodes.map(({ target }) => target.join(' ')).join(', ')))`,
    );
    assert.deepEqual(violations, [], this.place);
    const overflow = await this.page.evaluate<number>(
      'document.documentElement.scrollWidth - document.documentElement.clientWidth',
    );
    assert.equal(overflow, 0, `${this.place} is ${overflow} px wider than the screen`);
    assert.deepEqual(this.#troubles, []);
  }
}

/** A server, a browser, and the people at it, until the test file ends. */
export class Office {
  readonly server: TestServer;
  readonly #browser: Browser;

  private constructor(server: TestServer, browser: Browser) {
    this.server = server;
    this.#browser = browser;
  }

  static async open(options: TestServerOptions = {}): Promise<Office> {
    assert.ok(existsSync(join(ROOT, 'console', 'dist', 'index.html')), 'build the console: node scripts/console.mjs');
    const server = await TestServer.start(options);
    const browser = await launchChromium();
    after(() => browser.close());
    return new Office(server, browser);
  }

  /** Somebody who is not signed in. */
  async visitor({ width = 1280, colorScheme = 'light' }: PersonOptions = {}): Promise<Person> {
    const viewport = { width, height: 800 };
    const context = await this.#browser.newContext({ viewport, colorScheme, reducedMotion: 'reduce' });
    context.setDefaultTimeout(15_000);
    return new Person(context, await context.newPage(), this.server.url);
  }

  /** A user of that role, signed in, at the overview. */
  async person(role: UserRole, options: PersonOptions = {}): Promise<Person & { readonly name: string }> {
    const { name } = await makeUser(this.server, role, options);
    const person = await this.visitor(options);
    const answer = await person.context.request.post(`${this.server.url}/console/api/sign-in`, {
      data: { name, password: options.password ?? PASSWORD },
      headers: { 'x-refundry-console': '1' },
    });
    assert.equal(answer.status(), 200, await answer.text());
    return Object.assign(person, { name });
  }
}
