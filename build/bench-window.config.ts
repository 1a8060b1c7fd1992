import { join } from 'node:path';
import { defineConfig } from '@playwright/test';

const root = join(__dirname, '..');

/** Figures of the window, measured in the packaged app with the journeys' own hands. */
export default defineConfig({
  globalSetup: join(root, 'test', 'journeys', 'kit', 'before-all.ts'),
  testDir: join(root, 'test', 'bench'),
  testMatch: '*.window.ts',
  outputDir: join(root, 'test-results', 'bench-window'),
  timeout: 600_000,
  expect: { timeout: 60_000 },
  // one thing at a time: these are times
  workers: 1,
  reporter: [['line']],
  projects: [{ name: 'electron' }],
});
