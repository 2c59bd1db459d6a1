/** Builds the console to static files that the server serves below `/console/`. */
import react from '@vitejs/plugin-react';
import { defineConfig } from 'vite';

/** While developing (`npx vite console`), what is not the console's own comes from a running Refundry. */
const REFUNDRY = process.env['REFUNDRY_URL'] ?? 'http://127.0.0.1:8080';

export default defineConfig({
  root: import.meta.dirname,
  base: '/console/',
  plugins: [react()],
  build: {
    target: 'es2022',
    // The polyfill is for browsers that the console does not support.
    modulePreload: { polyfill: false },
    reportCompressedSize: false,
    // Uncompressed; `test/browser/` holds what is loaded first below 350 KB compressed.
    chunkSizeWarningLimit: 900,
  },
  server: { proxy: { '/v1': REFUNDRY, '/console/api': REFUNDRY } },
});
