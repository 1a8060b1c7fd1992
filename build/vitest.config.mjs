import vue from '@vitejs/plugin-vue';
import { readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { defineConfig } from 'vitest/config';

import { assembly } from './assembly.mjs';

const root = fileURLToPath(new URL('..', import.meta.url));

/** What puts other modules in place of ours, or measures memory. */
const NEEDS_OWN_MODULES = /\bvi\.(mock|doMock|resetModules)\(|\bprocess\.memoryUsage\(/;

/** Paths from the top of the tests that need modules which no other test has used. */
const ownModules = [
  // these try how the memory of the kernels grows from its beginning
  'test/main/kernels/analysis-module.test.ts',
  'test/main/services/moving-windows.test.ts',
  ...readdirSync(join(root, 'test'), { recursive: true, encoding: 'utf8' })
    .filter((path) => path.endsWith('.test.ts'))
    .map((path) => `test/${path.replaceAll('\\', '/')}`)
    .filter((path) => NEEDS_OWN_MODULES.test(readFileSync(join(root, path), 'utf8'))),
];

export default defineConfig({
  root,
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
          exclude: ownModules,
        },
      },
      {
        extends: true,
        test: { name: 'own modules', environment: 'node', include: ownModules, isolate: true },
      },
      {
        extends: true,
        test: { name: 'renderer', environment: 'happy-dom', include: ['test/renderer/**/*.test.ts'] },
      },
    ],
  },
});
