/** First figures, each as a ratio to something plain that is measured in the same rounds. */
import { spawnSync } from 'node:child_process';
import {
  closeSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  readFileSync,
  readSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { cpus, tmpdir } from 'node:os';
import { join } from 'node:path';

import { createEngine, type Engine } from '#main/engine.ts';
import { makeSafetensors } from '#test/bench/data.ts';
import { digits, measure, milliseconds, type Case, type Figure } from '#test/bench/measure.ts';
import type { CommandName, Input, Result } from '#shared/commands/commands.ts';

const folder = join(tmpdir(), 'paramscope-bench');
const bundle = __dirname;

interface Row {
  readonly what: string;
  readonly ours: string;
  readonly against: string;
  readonly ratio: string;
}

async function engineFor(threads: boolean): Promise<Engine> {
  return createEngine({
    resourceFolder: join(bundle, 'resources'),
    ...(threads ? { threadFolder: bundle } : {}),
  });
}

async function ask<Name extends CommandName>(
  engine: Engine,
  name: Name,
  params: Input<Name>,
): Promise<Result<Name>> {
  const context = { signal: new AbortController().signal, progress: () => {} };
  return await engine.answer(name, params, context);
}

function readWhole(path: string): void {
  const file = openSync(path, 'r');
  const window = Buffer.allocUnsafe(2 ** 20);
  while (readSync(file, window) > 0);
  closeSync(file);
}

function row(what: string, figures: readonly Figure[], ours = 0, other = 1): Row {
  const [own, plain] = [figures[ours]!, figures[other]!];
  return {
    what,
    ours: milliseconds(own),
    against: `${plain.name}: ${milliseconds(plain)}`,
    ratio: `${digits(own.median / plain.median)}×`,
  };
}

async function openRows(): Promise<Row[]> {
  const rows: Row[] = [];
  for (const count of [2000, 100_000]) {
    const path = join(folder, `open-${count}.safetensors`);
    makeSafetensors(path, new Array<number>(count).fill(4), 1);
    const figures = await measure([
      {
        name: 'ours',
        run: async () => {
          const engine = await engineFor(false);
          await ask(engine, 'checkpoint.open', { file: engine.grant(path).file });
          await engine.close();
        },
      },
      {
        name: 'read the header and JSON.parse it',
        run: () => {
          const bytes = readFileSync(path);
          JSON.parse(bytes.subarray(8, 8 + Number(bytes.readBigUInt64LE())).toString('utf8'));
        },
      },
    ]);
    rows.push(row(`open ${count.toLocaleString('en')} tensors (safetensors)`, figures));
  }
  return rows;
}

async function passRows(): Promise<Row[]> {
  const sizes = [...new Array<number>(192).fill(2 ** 20), 2 ** 26];
  const a = join(folder, 'gib-a.safetensors');
  const b = join(folder, 'gib-b.safetensors');
  makeSafetensors(a, sizes, 7);
  makeSafetensors(b, sizes, 7, 123_456_789);
  const withEngine = (threads: boolean, use: (engine: Engine) => Promise<unknown>) => async () => {
    const engine = await engineFor(threads);
    await use(engine);
    await engine.close();
  };
  const summarize = (engine: Engine) =>
    ask(engine, 'checkpoint.summarize', { file: engine.grant(a).file, quantiles: [] });
  const compare = (engine: Engine) =>
    ask(engine, 'checkpoint.compare', { a: engine.grant(a).file, b: engine.grant(b).file });
  const cases: Case[] = [
    { name: 'statistics, one thread', run: withEngine(false, summarize) },
    { name: 'statistics, compute threads', run: withEngine(true, summarize) },
    { name: 'reading 1 GiB', run: () => readWhole(a) },
    { name: 'comparison, compute threads', run: withEngine(true, compare) },
    { name: 'cmp', run: () => void spawnSync('cmp', ['-s', a, b]) },
  ];
  const figures = await measure(cases, 3);
  const before = process.memoryUsage().rss;
  await withEngine(false, summarize)();
  const grown = (process.memoryUsage().rss - before) / 2 ** 20;
  return [
    row('full statistics of 1 GiB, one thread', figures, 0, 2),
    row('full statistics of 1 GiB, compute threads', figures, 1, 2),
    row('compare two files of 1 GiB, all figures', figures, 3, 4),
    {
      what: 'memory during full statistics of 1 GiB',
      ours: `${digits(process.memoryUsage().rss / 2 ** 20)} MiB in all`,
      against: `${digits(Math.max(0, grown))} MiB more than before`,
      ratio: '',
    },
  ];
}

async function trainRows(): Promise<Row[]> {
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
      const out = mkdtempSync(join(folder, 'run-'));
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

const SECTIONS = { open: openRows, pass: passRows, train: trainRows } as const;

async function main(): Promise<void> {
  mkdirSync(folder, { recursive: true });
  const wanted = process.argv.slice(2).filter((word) => !word.startsWith('--'));
  const rows: Row[] = [];
  for (const [name, section] of Object.entries(SECTIONS)) {
    if (wanted.length > 0 && !wanted.includes(name)) continue;
    rows.push(...(await section()));
  }
  const machine = `${cpus().length} × ${cpus()[0]?.model.trim() ?? 'unknown'}, Node ${process.versions.node}`;
  const lines = [
    '| what | ours: median (min..max) | measured beside it | ours / that |',
    '| --- | --- | --- | --- |',
    ...rows.map(({ what, ours, against, ratio }) => `| ${what} | ${ours} | ${against} | ${ratio} |`),
  ];
  const table = `${lines.join('\n')}\n`;
  process.stdout.write(`${machine}\n\n${table}`);
  if (process.argv.includes('--write')) {
    writeFileSync(
      join(process.cwd(), 'test', 'bench', 'README.md'),
      `# Figures\n\nWritten by \`npm run bench -- --write\`. Every round runs all cases of a section in turn, on files of the page cache.\n\n${machine}\n\n${table}`,
    );
  }
}

void main();
