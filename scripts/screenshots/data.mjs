// Eight days of a small business, made through the API and the partners' protocols, as callers would: for screenshots.
// Nothing of it is random, so that pictures made twice differ only where the console does.

const DAY_MS = 86_400_000;
const HOUR_MS = 3_600_000;
export const DAYS = 8;

const STORES = [
  {
    name: 'Harbor Outfitters',
    policy: {
      reason_required: true,
      window_days: 90,
      minimum: { USD: 100, EUR: 100 },
      approval_above: { USD: 50_000, EUR: 50_000 },
      approval_hours: 72,
    },
    currencies: [
      ['USD', 1_990, 64_000],
      ['EUR', 1_490, 41_000],
    ],
    orders: 9,
  },
  {
    name: 'Kanto Audio',
    policy: { reason_required: true, refunds_per_payment: 2, approval_above: { JPY: 60_000 } },
    currencies: [['JPY', 1_800, 88_000]],
    orders: 5,
  },
  {
    name: 'Gulf Tickets',
    policy: { partial_refunds: false, window_days: 30, balance_must_cover: true },
    currencies: [['KWD', 4_500, 62_500]],
    orders: 4,
  },
];

const REASONS = [
  'Damaged on arrival',
  'Wrong size',
  'Ordered twice',
  'Returned unused',
  'Delivered too late',
  'Event postponed',
  'Price matched',
  'Not in stock',
];
const SCHEMES = ['VISA', 'MASTERCARD', 'AMEX'];

/** The same numbers every time (mulberry32). */
function numbers(seed) {
  let state = seed;
  const next = () => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 4_294_967_296;
  };
  return {
    between: (least, most) => least + Math.floor(next() * (most - least + 1)),
    oneOf: (list) => list[Math.floor(next() * list.length)],
    chance: (share) => next() < share,
  };
}

let keys = 0;

/** One caller of the API. */
class Caller {
  #url;
  #headers;

  constructor(url, headers) {
    this.#url = url;
    this.#headers = headers;
  }

  /** The answer, whatever its status: refusals are part of the picture. */
  async send(method, path, body, headers = {}) {
    const answer = await fetch(this.#url + path, {
      method,
      headers: { ...this.#headers, ...(body === undefined ? {} : { 'content-type': 'application/json' }), ...headers },
      ...(body === undefined ? {} : { body: typeof body === 'string' ? body : JSON.stringify(body) }),
    });
    const text = await answer.text();
    const json = answer.headers.get('content-type')?.includes('json') ? JSON.parse(text) : null;
    return { status: answer.status, json, text };
  }

  /** As `send`, for what must not be refused. Returns the answer's JSON. */
  async must(method, path, body, headers) {
    const { status, json, text } = await this.send(method, path, body, headers);
    if (status >= 400) throw new Error(`${method} ${path}: ${status} ${text}`);
    return json;
  }

  /** Asks for a refund. Returns the answer. */
  refund(body) {
    return this.send('POST', '/v1/refunds', body, { 'idempotency-key': `picture-${(keys += 1)}` });
  }

  act(path, body = {}) {
    return this.must('POST', path, body, { 'idempotency-key': `picture-${(keys += 1)}` });
  }
}

/** Somebody who is signed in to the console of the demo. */
async function person(url, name) {
  const answer = await fetch(`${url}/console/api/sign-in`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', 'x-refundry-console': '1' },
    body: JSON.stringify({ name, demo: true }),
  });
  if (!answer.ok) throw new Error(`sign-in as ${name}: ${answer.status}`);
  const [cookie] = answer.headers.getSetCookie()[0].split(';');
  return new Caller(url, { cookie, 'x-refundry-console': '1' });
}

/** What the partners of the demo's merchant ask for. */
const partners = (url) => {
  const caller = new Caller(url, {});
  return {
    'payengine.id': (id, amount, reason) =>
      caller.send('POST', '/api/payment/refund', { id, amount, reason }, { authorization: 'Basic sk_demo_payengine' }),
    'boost-aoc.aocTransID': (id, amount) =>
      caller.send('POST', '/api/refund', {
        apiKey: 'Ofa3M7zS2c3',
        username: 'test',
        spTransID: `sp-${id}-${amount}`,
        aocTransID: id,
        amount,
      }),
    'payment-options.transactionId': (transactionId, amount, notes) =>
      caller.send(
        'POST',
        '/api/v1/api/v1/server-to-server-interface/refund',
        { transactionId, amount: Number(amount), merchant_id: 'M-TINK15', notes },
        { authorization: 'demo-basic-key', 'x-api-key': 'demo-x-api-key' },
      ),
  };
};

/** Per day, for the demo's merchant: whose payment, its currency, its amounts in minor units. */
const PARTNER_PAYMENTS = [
  ['payengine.id', 'USD', 2_000, 48_000, 3],
  ['boost-aoc.aocTransID', 'MYR', 500, 9_900, 3],
  ['payment-options.transactionId', 'JPY', 900, 24_000, 2],
];

const EXPONENTS = { USD: 2, EUR: 2, MYR: 2, JPY: 0, KWD: 3 };

function major(minor, currency) {
  const exponent = EXPONENTS[currency];
  if (exponent === 0) return String(minor);
  const digits = String(minor).padStart(exponent + 1, '0');
  return `${digits.slice(0, -exponent)}.${digits.slice(-exponent)}`;
}

/**
 * Makes it all. `clock.set(ms)` turns the server's clock, which ends at `endMs`; `demoMerchantId` is the demo's merchant.
 * Returns what the pictures are of.
 */
export async function makeData({ url, clock, endMs, demoMerchantId }) {
  const { between, oneOf, chance } = numbers(20_261);
  const admin = new Caller(url, { authorization: 'Bearer rk_demo_admin' });
  const lead = await person(url, 'admin@demo');
  const operator = await person(url, 'operator@demo');
  const approver = await person(url, 'approver@demo');
  const partner = partners(url);
  const firstMs = endMs - (DAYS + 6) * DAY_MS;
  const midnightMs = Math.floor(endMs / DAY_MS) * DAY_MS;
  let order = 20_400;

  clock.set(firstMs);
  const stores = [];
  for (const store of STORES) {
    const { id } = await admin.must('POST', '/v1/merchants', { name: store.name, policy: store.policy });
    const credential = await admin.must('POST', '/v1/credentials', {
      merchant_id: id,
      protocol: 'native',
      role: 'merchant',
      label: 'Shop server',
    });
    const key = Object.values(credential.secrets)[0];
    stores.push({ ...store, id, shop: new Caller(url, { authorization: `Bearer ${key}` }), payments: [] });
  }
  const [harbor] = stores;

  const pay = (caller, merchantId, payment, atMs) =>
    caller.act('/v1/payments', {
      merchant_id: merchantId,
      created_at: new Date(atMs).toISOString(),
      ...payment,
    });
  const newOrder = (currency, least, most) => {
    order += 1;
    return {
      // Prices end in .90 or .50, as prices do; in yen and fils in tens.
      amount: Math.ceil(between(least, most) / 50) * 50 - (currency === 'JPY' || currency === 'KWD' ? 0 : 10),
      currency,
      references: { 'native.reference': `order-${order}` },
      order_number: `${order}`,
      // Some customers come back.
      method: { type: 'card', scheme: oneOf(SCHEMES), last4: chance(0.04) ? '4242' : String(between(1000, 9999)) },
      customer: { email: `customer-${order}@example.com` },
    };
  };

  /** One refund of a store's payment, now and then more than there is, or of one that was refunded already. */
  const refundOne = async (store) => {
    const payment = oneOf(store.payments);
    const isPartial = store.policy.partial_refunds !== false && chance(0.55);
    const amount = isPartial ? Math.ceil((payment.amount * between(15, 70)) / 1_000) * 10 : undefined;
    const caller = chance(0.35) && payment.currency === 'USD' ? operator : store.shop;
    return caller.refund({
      payment_id: payment.id,
      ...(amount === undefined ? {} : { amount, currency: payment.currency }),
      ...(chance(0.94) ? { reason: oneOf(REASONS) } : {}),
    });
  };

  // Orders of the week before, so that the first day has what to refund.
  for (const store of stores) {
    for (let index = 0; index < store.orders * 3; index += 1) {
      const [currency, least, most] = oneOf(store.currencies);
      const atMs = firstMs - between(1, 5 * 24) * HOUR_MS;
      store.payments.push(await pay(store.shop, store.id, newOrder(currency, least, most), atMs));
    }
  }

  let featured = null;
  for (let day = DAYS - 1; day >= 0; day -= 1) {
    const startMs = midnightMs - day * DAY_MS;
    const isWeekend = [0, 6].includes(new Date(startMs).getUTCDay());
    // From eight in the morning, in steps, until the evening; today until now.
    const lastMs = day === 0 ? endMs - 4 * 60_000 : startMs + 21 * HOUR_MS;
    const steps = isWeekend ? 9 : day === 0 ? 13 : between(13, 19);
    for (let step = 0; step < steps; step += 1) {
      const nowMs = startMs + 8 * HOUR_MS + Math.floor(((lastMs - startMs - 8 * HOUR_MS) * (step + 1)) / steps);
      clock.set(nowMs);
      const store = stores[step % stores.length === 0 ? 0 : between(0, stores.length - 1)];
      for (let index = between(1, 3); index > 0; index -= 1) {
        const [currency, least, most] = oneOf(store.currencies);
        store.payments.push(
          await pay(store.shop, store.id, newOrder(currency, least, most), nowMs - index * 5 * 60_000),
        );
      }
      await refundOne(store);
      if (day === 5 && step === 3) featured = await makeFeatured(nowMs);
      if (day === 3 && step === 6) {
        await operator.refund({
          payment_id: featured.id,
          amount: 4_500,
          currency: 'USD',
          reason: 'Delivered too late',
        });
      }
    }
    for (const [namespace, currency, least, most, count] of PARTNER_PAYMENTS) {
      for (let index = 0; index < (isWeekend ? 1 : count); index += 1) {
        const id = `${namespace.split('.')[0]}-${DAYS - day}${index}${between(100, 999)}`;
        const amount = currency === 'JPY' ? between(least, most) : Math.ceil(between(least, most) / 10) * 10;
        clock.set(Math.max(lastMs - 30 * 60_000, startMs));
        await pay(
          admin,
          demoMerchantId,
          { amount, currency, references: { [namespace]: id } },
          startMs + 9 * HOUR_MS + index * 41 * 60_000,
        );
        await partner[namespace](id, major(amount, currency), oneOf(REASONS));
        // Callers whose connection broke ask again under another number.
        if (chance(0.3)) await partner[namespace](id, major(amount, currency), oneOf(REASONS));
      }
    }
    await decide(day);
    if (day === 4) await settle();
  }

  /** The payment that pictures show: refunded through two doors, refused once, and with a refund that waits. */
  async function makeFeatured(nowMs) {
    const payment = await pay(
      admin,
      demoMerchantId,
      {
        ...newOrder('USD', 34_890, 34_890),
        references: { 'native.reference': 'order-20417', 'payengine.id': 'pe-20417' },
        amount: 34_890,
        order_number: '20417',
        method: { type: 'card', scheme: 'VISA', last4: '4242' },
        customer: { email: 'customer-20417@example.com' },
        description: 'Rain jacket, two hiking poles, delivery',
      },
      nowMs,
    );
    await partner['payengine.id']('pe-20417', '60.00', 'One hiking pole was damaged on arrival');
    return payment;
  }

  /** The evening's decisions; today's wait. */
  async function decide(day) {
    if (day === 0) return;
    const { data } = await admin.must('GET', '/v1/refunds?status=pending_approval&limit=100');
    for (const [index, refund] of data.entries()) {
      if (index % 4 === 3) {
        await approver.act(`/v1/refunds/${refund.id}/reject`, { reason: 'No photo of the damage' });
      } else {
        await approver.act(`/v1/refunds/${refund.id}/approve`, {});
      }
    }
  }

  async function settle() {
    for (const store of stores) {
      for (const [currency] of store.currencies) {
        await admin.act('/v1/settlements', { merchant_id: store.id, currency });
      }
    }
  }

  // Today, last: what waits, a dispute, a void, and a refund that came back.
  clock.set(endMs - 3 * 60_000);
  const waiting = await operator.refund({
    payment_id: featured.id,
    amount: 12_900,
    currency: 'USD',
    reason: 'Jacket returned, seam open',
  });
  if (waiting.json.status !== 'pending_approval') throw new Error(`does not wait: ${waiting.text}`);
  await partner['payengine.id']('pe-20417', '200.00', 'Everything returned');
  for (const [amount, currency, store] of [
    [61_240, 'USD', harbor],
    [74_800, 'JPY', stores[1]],
  ]) {
    const payment = await pay(store.shop, store.id, { ...newOrder(currency, 1, 1), amount }, endMs - DAY_MS);
    await store.shop.refund({ payment_id: payment.id, reason: oneOf(REASONS) });
  }
  const untouched = async (store) =>
    (await admin.must('GET', `/v1/payments?merchant_id=${store.id}&limit=100`)).data.filter(
      ({ refunded, reserved, settled, status }) => refunded + reserved === 0 && !settled && status === 'captured',
    );
  const [disputed, voided] = await untouched(harbor);
  await admin.act(`/v1/payments/${disputed.id}/dispute`);
  await harbor.shop.refund({ payment_id: disputed.id, reason: 'Ordered twice' });
  await admin.act(`/v1/payments/${voided.id}/void`);
  const { data: done } = await admin.must('GET', `/v1/refunds?merchant_id=${harbor.id}&status=succeeded&limit=5`);
  await admin.act(`/v1/refunds/${done[2].id}/reverse`);

  const run = await makeRun();
  clock.set(endMs);
  return { paymentId: featured.id, refundId: waiting.json.id, harborId: harbor.id, runId: run.id };

  /** A file of refunds for a postponed event, looked at and not yet run. */
  async function makeRun() {
    const event = await untouched(harbor);
    const lines = event
      .slice(0, 9)
      .map(({ references, currency }) => `${references['native.reference']},,${currency},Event postponed`);
    const partial = event.slice(9, 12).map(({ references, amount, currency }) => {
      return `${references['native.reference']},${major(Math.floor(amount / 2), currency)},${currency},One of two tickets`;
    });
    const large = `order-${order - 1},,,Event postponed`;
    const csv = [
      'reference,amount,currency,reason',
      ...lines,
      ...partial,
      large,
      'order-19999,25.00,USD,Event postponed',
    ];
    csv.push(`${event[0].references['native.reference']},7.505,USD,Delivery`);
    const path = `/console/api/bulk?merchant_id=${harbor.id}&name=postponed-event.csv`;
    const made = await lead.must('POST', path, csv.join('\n'), { 'content-type': 'text/csv' });
    await lead.must('POST', `/console/api/bulk/${made.id}/dry-run`);
    return made;
  }
}
