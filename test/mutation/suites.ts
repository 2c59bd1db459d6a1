/** The suites that mutations are run against: what `npm test` runs of them, a file or folder each. */
export const SUITES: Readonly<Record<string, readonly string[]>> = {
  rules: ['src/core/*.test.ts', 'src/engine/*.test.ts'],
  model: ['test/model/*.test.ts'],
  simulation: ['test/simulation/*.test.ts'],
  engine: [
    'test/engine/clock.test.ts',
    'test/engine/commit-proof.test.ts',
    'test/engine/engine.test.ts',
    'test/engine/histories.test.ts',
    'test/engine/unknown-commit.test.ts',
  ],
  contract: ['test/contract/contract.test.ts', 'test/contract/across.test.ts'],
  bank: ['test/bank/*.test.ts'],
  crash: ['test/crash/crash.test.ts'],
  lines: ['test/crash/lines.test.ts'],
  fuzz: ['test/fuzz/*.test.ts'],
  security: [
    'test/security/constant-time.test.ts',
    'test/security/signatures.test.ts',
    'test/security/throttling.test.ts',
  ],
  verify: ['test/verify/*.test.ts'],
};
