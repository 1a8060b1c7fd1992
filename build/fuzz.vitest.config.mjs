import { fileURLToPath } from 'node:url';
import { defineConfig } from 'vitest/config';

import { assembly } from './assembly.mjs';

export default defineConfig({
  root: fileURLToPath(new URL('..', import.meta.url)),
  plugins: [assembly()],
  test: { environment: 'node', include: ['test/fuzz/**/*.fuzz.ts'], testTimeout: 0 },
});
