import { mkdtempSync, rmSync } from 'node:fs';
import { join } from 'node:path';

import { FOLDER, ask, engineFor } from '#test/bench/engines.ts';
import { digits, type Row } from '#test/bench/measure.ts';

/** Steps a second of whole runs, as the app makes them. */
export async function trainingRows(): Promise<Row[]> {
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
