// Makes the pictures of the console in docs/screenshots: `npm run screenshots`. A server on a scratch home is filled through
// the API with eight days of refunds, and a real Chromium looks at it. Its clock says a set day, so that pictures made
// twice differ only where the console does.
import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import pg from 'pg';
import { DAYS, makeData } from './screenshots/data.mjs';
import { compressed } from './screenshots/png.mjs';

const ROOT = fileURLToPath(new URL('..', import.meta.url));
const FOLDER = process.env.SCREENSHOTS_FOLDER ?? join(ROOT, 'docs', 'screenshots');
const MAX_BYTES = 150_000;
/** In the past, or the server would not start: a book's time never goes back. */
const NOW_MS = Date.UTC(2026, 10, 18, 15, 40);

// The server's modules keep Date.now: it is turned before they are loaded.
const realNow = Date.now;
let aheadMs = 0;
Date.now = () => realNow() + aheadMs;
const clock = {
  set: (ms) => {
    aheadMs = ms - realNow();
  },
};

const source = (path) => import(join(ROOT, path));
const { openEmbedded, resetEmbedded } = await source('src/embedded/index.ts');
const { readConfig } = await source('src/config.ts');
const { migrate } = await source('src/store/migrate.ts');
const { Refundry } = await source('src/engine/refundry.ts');
const { createServer } = await source('src/server.ts');
const { createLogger } = await source('src/server/log.ts');
const { Metrics } = await source('src/server/metrics.ts');
const { DEMO_MERCHANT_ID, demoAccess, seedDemo } = await source('src/demo/index.ts');
const { launchChromium } = await source('test/browser/chromium.ts');

/** What is done before a picture is taken; the page is the console's, at the path. */
const PICTURES = ({ paymentId, refundId, harborId, runId }) => ({
  overview: { path: '/', ready: (page) => page.locator('.recharts-bar-rectangle').first().waitFor() },
  search: { path: '/search?q=4242' },
  payment: { path: `/payments/${paymentId}`, ready: (page) => page.getByText('Rain jacket').waitFor() },
  refund: {
    path: `/payments/${paymentId}`,
    as: 'operator@demo',
    ready: async (page) => {
      await page
        .getByRole('button', { name: /^Refund/ })
        .first()
        .click();
      await page.getByLabel('Amount', { exact: false }).first().fill('35.00');
      await page.getByLabel(/Reason/).fill('Delivery is free above USD 300');
      await page.waitForTimeout(1_000);
    },
  },
  approvals: { path: `/approvals?refund=${refundId}`, as: 'approver@demo' },
  bulk: { path: `/bulk/${runId}` },
  merchants: { path: `/merchants/${harborId}` },
  books: { path: '/books' },
  protocols: {
    path: '/protocols/payengine',
    ready: async (page) => {
      await page.getByRole('button', { name: 'Send' }).click();
      await page.waitForTimeout(800);
    },
  },
});

async function shoot(url, pictures) {
  const browser = await launchChromium();
  try {
    for (const [name, { path, as = 'admin@demo', ready }] of Object.entries(pictures)) {
      for (const scheme of ['light', 'dark']) {
        clock.set(NOW_MS);
        const context = await browser.newContext({
          viewport: { width: 1280, height: 800 },
          colorScheme: scheme,
          reducedMotion: 'reduce',
          timezoneId: 'UTC',
        });
        const page = await context.newPage();
        await page.clock.setFixedTime(NOW_MS);
        const signedIn = await context.request.post(`${url}/console/api/sign-in`, {
          data: { name: as, demo: true },
          headers: { 'x-refundry-console': '1' },
        });
        if (!signedIn.ok()) throw new Error(`sign-in: ${signedIn.status()}`);
        await page.goto(`${url}/console${path}`);
        await page.locator('main h1').waitFor();
        await page.waitForTimeout(700);
        await ready?.(page);
        const bytes = compressed(await page.screenshot());
        if (bytes.length > MAX_BYTES) throw new Error(`${name}-${scheme}.png has ${bytes.length} bytes`);
        writeFileSync(join(FOLDER, `${name}-${scheme}.png`), bytes);
        console.log(`${name}-${scheme}.png  ${Math.ceil(bytes.length / 1_000)} kB`);
        await context.close();
      }
    }
  } finally {
    await browser.close();
  }
}

const home = mkdtempSync(join(tmpdir(), 'refundry-pictures-'));
const config = readConfig({ REFUNDRY_HOME: home, REFUNDRY_LOG_LEVEL: 'warn' });
const embedded = await openEmbedded({ home, role: 'server' });
try {
  await migrate(embedded.connection, config.buckets);
  const refundry = await Refundry.open(embedded.connection, { demo: true, clock: () => Date.now() });
  // Before the first day: the demo's own payments are the oldest.
  clock.set(NOW_MS - (DAYS + 7) * 86_400_000);
  await seedDemo(refundry, home);
  const app = await createServer({
    refundry,
    config,
    logger: createLogger(config),
    metrics: new Metrics(() => refundry.engine.queueDepth),
    demo: demoAccess(home),
  });
  try {
    await app.listen({ host: '127.0.0.1', port: 0 });
    const url = `http://127.0.0.1:${app.server.address().port}`;
    const made = await makeData({ url, clock, endMs: NOW_MS, demoMerchantId: DEMO_MERCHANT_ID });
    // PostgreSQL's clock dates files, and knows nothing of ours.
    const client = new pg.Client(embedded.connection);
    await client.connect();
    await client.query('UPDATE bulk_run SET created_at = $1, previewed_at = $1', [new Date(NOW_MS - 120_000)]);
    await client.end();
    if (!existsSync(FOLDER)) mkdirSync(FOLDER, { recursive: true });
    if (process.argv.includes('--stay')) {
      console.log(url, JSON.stringify(made));
      await new Promise((resolve) => process.once('SIGTERM', resolve));
    } else {
      await shoot(url, PICTURES(made));
    }
  } finally {
    await app.close();
    await refundry.close();
  }
} finally {
  await embedded.release();
  await resetEmbedded(home);
  rmSync(home, { recursive: true, force: true });
}
