import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';

import { useCheckpoints } from '#renderer/stores/checkpoints.ts';
import { useRuns } from '#renderer/stores/runs.ts';
import { restoreVerdict } from '#renderer/views/train/restore-verdict.ts';
import type { RunState } from '#shared/run.ts';
import { connectPage, type PageEngine } from '#test/kit/page-engine.ts';

let page: PageEngine;
let folder: string;
beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'paramscope-runs-'));
  page = await connectPage({ dataFolder: folder });
});
afterEach(async () => {
  await page.close();
  rmSync(folder, { recursive: true, force: true });
});

const SMALL = { config: { layers: [6, 8, 3], checkpoint: { everySteps: 10 } }, steps: 60, name: 'small' };

function reached(state: RunState) {
  return vi.waitFor(() => expect(useRuns().snapshot?.state).toBe(state), { timeout: 20_000 });
}

test('a run is followed to its end: every step is a point, every checkpoint a mark', async () => {
  const runs = useRuns();
  expect(await runs.start(SMALL)).toBe(true);
  await reached('finished');
  expect(runs.points.map((point) => point.step)).toEqual(Array.from({ length: 60 }, (_, index) => index + 1));
  const { checkpoints, totalSteps, name } = runs.snapshot!;
  expect({ totalSteps, name }).toEqual({ totalSteps: 60, name: 'small' });
  expect(checkpoints.map((one) => [one.step, one.status])).toEqual([
    [10, 'dropped'],
    ...[20, 30, 40, 50, 60].map((step) => [step, 'kept']),
  ]);
  expect(runs.actions).toEqual([]);
});

test('the restore of a kept checkpoint is proven, outputs and further steps included', async () => {
  const runs = useRuns();
  await runs.start(SMALL);
  await reached('finished');
  await runs.verify(40);
  const report = runs.verification.value!;
  expect(runs.verifiedStep).toBe(40);
  expect(report.verdict).toBe('identical');
  expect(report.steps.rows.length).toBeGreaterThan(0);
  const drawn = report.tensors.flatMap((row) => (row.histograms ? [row.histograms] : []));
  expect(drawn).toHaveLength(4);
  for (const { original, clone } of drawn) expect([...clone.counts]).toEqual([...original.counts]);
  const tensors = report.tensors.length;
  const cells = report.probe!.shape[0] * report.probe!.shape[1];
  expect(restoreVerdict(report).sentence).toBe(
    `Identical: ${tensors} of ${tensors} tensors, every bit. Outputs equal: ${cells} of ${cells}.`,
  );
});

test('a checkpoint can be opened like any file', async () => {
  const runs = useRuns();
  await runs.start(SMALL);
  await reached('finished');
  const file = await runs.checkpointFile(60);
  const opened = await useCheckpoints().openFile(file!);
  expect(opened?.summary.format).toBe('safetensors');
  expect(opened?.summary.tensors.map((tensor) => tensor.name)).toContain('hidden.weight');
});

test('pause, save, resume and stop go through the states and keep what was saved', async () => {
  const runs = useRuns();
  await runs.start({
    config: { layers: [6, 8, 3], checkpoint: { everySteps: 0 } },
    steps: 1_000_000,
    name: 'long',
  });
  await reached('running');
  await runs.act('pause');
  await reached('paused');
  const { step } = runs.snapshot!;
  await runs.act('save');
  await vi.waitFor(() => expect(runs.snapshot?.checkpoints.map((one) => one.step)).toEqual([step]));
  await runs.verify(step);
  expect(runs.verification.value).toMatchObject({ verdict: 'identical', comparedWith: 'memory' });
  await runs.act('resume');
  await reached('running');
  await vi.waitFor(() => expect(runs.snapshot!.step).toBeGreaterThan(step));
  await runs.act('stop');
  await reached('stopped');
  await vi.waitFor(() => expect(runs.list[0]?.state).toBe('stopped'));
  expect(runs.actions).toEqual(['resume']);
});

test('a run of the past is listed, looked at and resumed', async () => {
  const runs = useRuns();
  await runs.start({ ...SMALL, steps: 1_000_000 });
  await vi.waitFor(() => expect(runs.snapshot!.step).toBeGreaterThan(30));
  await runs.act('stop');
  await reached('stopped');
  const { step } = runs.snapshot!;

  await page.close();
  page = await connectPage({ dataFolder: folder });
  const later = useRuns();
  await later.refresh();
  expect(later.list.map((run) => [run.name, run.state, run.step])).toEqual([['small', 'stopped', step]]);
  await later.resume(later.list[0]!.id);
  await vi.waitFor(() => expect(later.snapshot!.step).toBeGreaterThan(step));
  const steps = later.points.map((point) => point.step);
  expect(steps).toEqual([...new Set(steps)].sort((first, second) => first - second));
  await later.act('stop');
  await reached('stopped');
});

test('what the engine refuses is said and can be dismissed; nothing is started', async () => {
  const runs = useRuns();
  expect(await runs.start({ config: { layers: [7, 3], data: { source: 'mnist' } } })).toBe(false);
  expect(runs.error?.message).toBeTruthy();
  expect(runs.snapshot).toBeUndefined();
  expect(runs.isStarting).toBe(false);
  runs.dismissError();
  expect(runs.error).toBeUndefined();
  expect(readdirSync(folder).includes('runs') ? readdirSync(join(folder, 'runs')) : []).toEqual([]);
});

test('the sample network trains with nothing prepared and saves on the way', async () => {
  const runs = useRuns();
  expect(await runs.trainSample()).toBe(true);
  await vi.waitFor(() => expect(runs.snapshot!.checkpoints.length).toBeGreaterThan(0), { timeout: 20_000 });
  expect(runs.description?.config.layers).toEqual([20, 256, 10]);
  await runs.act('stop');
  // a quick machine has finished it before it is told
  await vi.waitFor(() => expect(runs.snapshot?.state).toMatch(/^(stopped|finished)$/), { timeout: 20_000 });
});
