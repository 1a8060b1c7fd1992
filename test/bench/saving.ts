/** What a checkpoint costs: beside a plain write of the same bytes, in steps of training, and in the thread that shows it. */
import { closeSync, fsyncSync, mkdtempSync, openSync, rmSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { performance } from 'node:perf_hooks';

import { createEngine } from '#main/engine.ts';
import { commitFileSync } from '#main/bytes/commit-file.ts';
import { nodeFileSystem } from '#main/bytes/file-system.ts';
import { copyContent, type CopiedContent } from '#main/trainer/checkpoint-content.ts';
import { checkpointFile } from '#main/trainer/checkpoint-file.ts';
import { parametersOf } from '#main/trainer/mlp.ts';
import { sharedDigests } from '#main/trainer/shared-digests.ts';
import { initialState } from '#main/trainer/state.ts';
import { parseRunConfig } from '#shared/commands/run-config.ts';
import { ask, BUNDLE, FOLDER } from '#test/bench/engines.ts';
import { digits, measure, milliseconds, slowerRow, spreadOf, type Row } from '#test/bench/measure.ts';

export async function savingRows(): Promise<Row[]> {
  return [await writeRow(), ...(await overheadRows()), await stallRow()];
}

/** As many rounds as tell a median from a hiccup of the disk. */
const ROUNDS = 9;
/** Parameters and Adam's two moments: a hundred megabytes. */
const LARGE = { layers: [2048, 2048, 2048], data: { source: 'random' as const } };

/** A checkpoint with all its digests, and what the log has of it, beside its bytes alone. */
async function writeRow(): Promise<Row> {
  const config = parseRunConfig({ ...LARGE, optimizer: { name: 'adam' } }, 'the bench');
  const state = initialState(config);
  const copied = copyContent(config, state);
  const parameters = parametersOf(state.mlp).map(({ name }) => name);
  const folder = mkdtempSync(join(FOLDER, 'saving-'));
  const digests = sharedDigests(join(BUNDLE, 'saver.cjs'));
  const path = join(folder, 'step-000001.safetensors');
  const remove = () => rmSync(path, { force: true });
  const save = () => {
    const { content } = checkpointFile(copied, parameters, digests);
    commitFileSync(path, content, { fileSystem: nodeFileSystem });
  };
  // its thread is there from the second save of a run on
  save();
  remove();
  const [ours, plain] = await measure(
    [
      { name: 'a save', run: save, clean: remove },
      {
        name: 'write, fsync, fsync of the folder',
        run: () => writePlainly(path, copied),
        clean: remove,
      },
    ],
    ROUNDS,
  );
  digests.close();
  rmSync(folder, { recursive: true });
  const bytes = copied.tensors.reduce((sum, tensor) => sum + tensor.bytes.byteLength, 0);
  return slowerRow(`durable save of ${digits(bytes / 1e6)} MB, digests included`, ours!, plain!, '≤ 1.35×');
}

function writePlainly(path: string, { tensors }: CopiedContent): void {
  const file = openSync(path, 'wx');
  for (const { bytes } of tensors) writeSync(file, bytes);
  fsyncSync(file);
  closeSync(file);
  const folder = openSync(join(path, '..'), 'r');
  fsyncSync(folder);
  closeSync(folder);
}

/** Steps of the timed runs: long enough for several saves. */
const STEPS = 1000;

/** The same run with a checkpoint every 100 steps and with none but the last. */
async function overheadRows(): Promise<Row[]> {
  const rows: Row[] = [];
  for (const optimizer of ['sgd', 'adam'] as const) {
    const [saving, plain] = await measure(
      [
        { name: 'a checkpoint every 100 steps', run: () => train(optimizer, 100) },
        { name: 'the same run with its last one alone', run: () => train(optimizer, 0) },
      ],
      7,
    );
    const { median, min, max } = spreadOf(saving!.times.map((time, round) => time / plain!.times[round]!));
    const percent = (ratio: number) => `${(100 * (ratio - 1)).toFixed(1)} %`;
    rows.push({
      what: `784-256-10, batch 256, ${optimizer}, ${STEPS} steps with a checkpoint every 100`,
      ours: milliseconds(saving!),
      against: `${plain!.name}: ${milliseconds(plain!)}`,
      ratio: `${percent(median)} more (${percent(min)}..${percent(max)})`,
      goal: '≤ 1 %',
    });
  }
  return rows;
}

async function train(optimizer: 'sgd' | 'adam', everySteps: number): Promise<number> {
  const out = mkdtempSync(join(FOLDER, 'saving-'));
  const engine = await createEngine({ resourceFolder: join(BUNDLE, 'resources'), threadFolder: BUNDLE });
  const begun = performance.now();
  await ask(engine, 'run.train', {
    config: {
      layers: [784, 256, 10],
      batchSize: 256,
      optimizer: { name: optimizer },
      data: { source: 'mnist' },
      checkpoint: { everySteps },
    },
    folder: engine.grant(join(out, 'run')).file,
    steps: STEPS,
  });
  const taken = performance.now() - begun;
  await engine.close();
  rmSync(out, { recursive: true });
  return taken;
}

/** How long the thread that answers the window stands still while a hundred megabytes are saved again and again. */
async function stallRow(): Promise<Row> {
  const out = mkdtempSync(join(FOLDER, 'saving-'));
  const engine = await createEngine({ resourceFolder: join(BUNDLE, 'resources'), threadFolder: BUNDLE });
  const gaps: number[] = [];
  let last = performance.now();
  const timer = setInterval(() => {
    const now = performance.now();
    gaps.push(now - last);
    last = now;
  }, 1);
  await ask(engine, 'run.train', {
    config: { ...LARGE, batchSize: 8, optimizer: { name: 'adam' }, checkpoint: { everySteps: 1 } },
    folder: engine.grant(join(out, 'run')).file,
    steps: 8,
  });
  clearInterval(timer);
  await engine.close();
  rmSync(out, { recursive: true });
  return {
    what: 'longest that the window is not answered during 8 saves of 100 MB',
    ours: `${digits(Math.max(...gaps))} ms`,
    against: `median between two looks: ${digits(spreadOf(gaps).median)} ms`,
    ratio: '',
    goal: '≤ 50 ms',
  };
}
