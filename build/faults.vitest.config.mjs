import { fileURLToPath } from 'node:url';
import { defineConfig } from 'vitest/config';

import { assembly } from './assembly.mjs';

export default defineConfig({
  root: fileURLToPath(new URL('..', import.meta.url)),
  plugins: [assembly()],
  test: {
    environment: 'node',
    include: ['test/faults/**/*.test.ts'],
    testTimeout: 0,
    hookTimeout: 0,
    maxWorkers: 1,
    reporters: ['dot'],
  },
});
