import vue from '@vitejs/plugin-vue';
import { fileURLToPath } from 'node:url';
import { defineConfig } from 'vitest/config';

import { assembly } from './assembly.mjs';

/** These load modules anew to put others in their place, or measure the memory that they take. */
export const OWN_MODULES = [
  'test/main/bytes/limits/limits.test.ts',
  'test/main/formats/streamed-chunks.test.ts',
  'test/main/kernels/analysis-module.test.ts',
  'test/main/services/beyond-32-bits.test.ts',
  'test/main/services/box-by-box.test.ts',
  'test/main/services/box-differences.test.ts',
  'test/main/services/moving-windows.test.ts',
  'test/main/services/profiles.test.ts',
  'test/main/services/shared-boxes.test.ts',
  'test/main/services/slices-of-every-dtype.test.ts',
];

export default defineConfig({
  root: fileURLToPath(new URL('..', import.meta.url)),
  plugins: [vue(), assembly()],
  test: {
    setupFiles: ['test/kit/no-console.ts'],
    testTimeout: 30_000,
    maxWorkers: 2,
    // modules are loaded once a worker: loading them once a file took a third of the time
    isolate: false,
    projects: [
      {
        extends: true,
        test: {
          name: 'node',
          environment: 'node',
          include: ['test/{shared,main,build,conformance,faults,architecture}/**/*.test.ts'],
          exclude: OWN_MODULES,
        },
      },
      {
        extends: true,
        test: { name: 'own modules', environment: 'node', include: OWN_MODULES, isolate: true },
      },
      {
        extends: true,
        test: { name: 'renderer', environment: 'happy-dom', include: ['test/renderer/**/*.test.ts'] },
      },
    ],
  },
});
