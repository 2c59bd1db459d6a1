/** Mistakes that this engine must not make, each made on purpose: a place in the source, and what it says then. */
export interface Mutation {
  readonly name: string;
  readonly file: string;
  readonly from: string;
  readonly to: string;
  /** Suites that must not miss it; the others are run as well, and what they see is shown. */
  readonly caughtBy: readonly string[];
}

export const MUTATIONS: readonly Mutation[] = [
  {
    name: 'the head is not locked',
    file: 'src/store/transaction.ts',
    from: 'session.load(bucket, names, true)',
    to: 'session.load(bucket, names, false)',
    caughtBy: ['simulation', 'bank'],
  },
  {
    name: 'answered before the commit',
    file: 'src/engine/engine.ts',
    from: '    if (book.hasChanges) {\n      try {',
    to: '    answer(batch);\n    if (book.hasChanges) {\n      try {',
    caughtBy: ['simulation', 'engine', 'crash', 'lines'],
  },
  {
    name: 'COMMIT is trusted without its tag',
    file: 'src/store/transaction.ts',
    from: "  if (tag === 'COMMIT' && failure === null) return;",
    to: "  if (tag !== '') return;",
    caughtBy: ['simulation', 'engine'],
  },
  {
    name: 'an unknown commit counts as not committed',
    file: 'src/engine/engine.ts',
    from: "if ((await this.#findOut(bucket, error)) === 'not committed') return undecided(batch);",
    to: 'return undecided(batch);',
    caughtBy: ['simulation', 'engine', 'lines'],
  },
  {
    name: 'an unknown commit is looked up without the lock',
    file: 'src/store/transaction.ts',
    from: '  await session.lockHead(bucket);\n',
    to: '',
    caughtBy: ['simulation', 'lines'],
  },
  {
    name: 'whoever is left of a batch that the database refused is the culprit',
    file: 'src/engine/engine.ts',
    from: 'return this.#inHalves(bucket, batch, error);',
    to: 'return this.#inHalves(bucket, undecided(batch), error);',
    caughtBy: ['simulation'],
  },
  {
    name: 'what is reserved is refundable',
    file: 'src/core/payment.ts',
    from: 'return payment.capturedMinor - payment.refundedMinor - payment.reservedMinor;',
    to: 'return payment.capturedMinor - payment.refundedMinor;',
    caughtBy: ['rules', 'model', 'simulation'],
  },
  {
    name: 'time runs backwards with the clock',
    file: 'src/engine/engine.ts',
    from: 'const now = Math.max(this.#options.clock(), book.head.at);',
    to: 'const now = this.#options.clock();',
    caughtBy: ['simulation', 'engine'],
  },
  {
    name: 'a bucket has two batches in flight',
    file: 'src/engine/queue.ts',
    from: 'if (queue.length === 1 && this.#inFlight[bucket] === null) this.#ready.push(bucket);',
    to: 'if (queue.length === 1) this.#ready.push(bucket);',
    caughtBy: ['rules'],
  },
  {
    name: 'a key answers whatever it was used for',
    file: 'src/core/decide.ts',
    from: 'if (earlier.fingerprint === fingerprint(command)) return',
    to: 'if (earlier.fingerprint !== command.requestId) return',
    caughtBy: ['rules', 'model', 'simulation', 'contract'],
  },
  {
    name: 'a key is not remembered',
    file: 'src/core/decide.ts',
    from: 'if (earlier === undefined) return act',
    to: 'if (earlier !== null) return act',
    caughtBy: ['rules', 'model', 'simulation', 'engine', 'contract', 'crash'],
  },
  {
    name: 'too much is compared with == instead of >',
    file: 'src/core/decide-refund.ts',
    from: '  if (asked > refundable) {',
    to: '  if (asked == refundable) {',
    caughtBy: ['rules', 'model', 'simulation', 'engine', 'contract', 'bank'],
  },
  {
    name: 'secrets are compared with ===',
    file: 'src/engine/authenticate.ts',
    from: "  timingSafeEqual(hash('sha256', given, 'buffer'), hash('sha256', expected, 'buffer'));",
    to: '  given === expected;',
    caughtBy: ['security'],
  },
  {
    name: 'a save is not counted',
    file: 'src/store/save.ts',
    from: "      AND saved_exactly('batch', $6::bigint, saves_so_far())",
    to: '',
    caughtBy: ['engine'],
  },
  {
    name: 'the chain is not recomputed',
    file: 'src/engine/verify/chain.ts',
    from: 'const expected = isNext ? hashEntry(chain.hash, entry) : hash;',
    to: 'const expected = hash;',
    caughtBy: ['verify'],
  },
  {
    name: 'the quick proof believes every hash',
    file: 'src/engine/verify/entry-proof.ts',
    from: 'if (!isSame) throw new Doubt',
    to: 'if (seq < 0) throw new Doubt',
    caughtBy: ['verify'],
  },
  {
    name: 'what the journal and the tables say of each other may differ',
    file: 'src/engine/verify/proof.ts',
    from: 'if (!claims.isEven) throw',
    to: 'if (claims.isEven && !claims.isEven) throw',
    caughtBy: ['verify'],
  },
  {
    name: 'JSON may be nested as deeply as anybody likes',
    file: 'src/core/json.ts',
    from: '  if (depth >= MAX_DEPTH) throw',
    to: '  if (depth < 0) throw',
    caughtBy: ['fuzz'],
  },
];
