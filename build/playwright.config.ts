import { join } from 'node:path';
import { defineConfig } from '@playwright/test';

const root = join(__dirname, '..');
const report = process.env['PARAMSCOPE_JOURNEYS_REPORT'];

/** The same journeys in both hosts; `test/journeys/kit` knows which one by the project's name. */
export default defineConfig({
  globalSetup: join(root, 'test', 'journeys', 'kit', 'before-all.ts'),
  testDir: join(root, 'test', 'journeys'),
  outputDir: join(root, 'test-results', 'journeys'),
  snapshotPathTemplate: join(root, 'test', 'journeys', '{testName}-{arg}{ext}'),
  // a machine that builds something else beside is several times slower
  timeout: 120_000,
  expect: { timeout: 15_000 },
  workers: 2,
  fullyParallel: true,
  forbidOnly: Boolean(process.env['CI']),
  reporter: report ? [['list'], ['json', { outputFile: report }]] : [['list']],
  projects: [
    { name: 'electron', testIgnore: '**/*.serve.spec.ts' },
    { name: 'serve', testIgnore: '**/*.electron.spec.ts' },
  ],
});
