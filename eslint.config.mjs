// Lint that knows types: a forgotten promise or a forgotten case is an error, not a style.
import { defineConfig, globalIgnores } from 'eslint/config';
import tseslint from 'typescript-eslint';

const fromNodeTest = {
  from: 'package',
  name: ['test', 'it', 'describe', 'suite', 'before', 'after', 'beforeEach', 'afterEach'],
  package: 'node:test',
};

export default defineConfig(
  globalIgnores(['**/dist/', 'node_modules/', 'scripts/', 'bench/kit/*.mjs', 'bin/', 'eslint.config.mjs']),
  tseslint.configs.recommendedTypeChecked,
  {
    languageOptions: { parserOptions: { projectService: true, tsconfigRootDir: import.meta.dirname } },
    rules: {
      eqeqeq: 'error',
      '@typescript-eslint/no-floating-promises': ['error', { allowForKnownSafeCalls: [fromNodeTest] }],
      '@typescript-eslint/switch-exhaustiveness-check': ['error', { considerDefaultExhaustiveForUnions: true }],
      '@typescript-eslint/no-non-null-assertion': 'error',
      '@typescript-eslint/no-unused-vars': ['error', { argsIgnorePattern: '^_', varsIgnorePattern: '^_' }],
      // Interfaces are asynchronous where one of their implementations is; others have nothing to await.
      '@typescript-eslint/require-await': 'off',
    },
  },
  {
    // Tests look into answers as they came over the wire: what is not there fails the assertion.
    files: ['test/**', 'src/**/*.test.ts', 'console/src/**/*.test.ts', 'src/**/fixtures/**'],
    rules: {
      '@typescript-eslint/no-explicit-any': 'off',
      '@typescript-eslint/no-unsafe-argument': 'off',
      '@typescript-eslint/no-unsafe-assignment': 'off',
      '@typescript-eslint/no-unsafe-call': 'off',
      '@typescript-eslint/no-unsafe-member-access': 'off',
      '@typescript-eslint/no-unsafe-return': 'off',
    },
  },
);
