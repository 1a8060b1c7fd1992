/** How fast the trainer is: against PyTorch, other trainers in JavaScript, this machine's limit, and itself with more threads. */
import { spawn, spawnSync, type ChildProcess } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { Worker } from 'node:worker_threads';

import { createTrainingModule, LEFT_ROWS, RIGHT_BYTES } from '#main/kernels/training-module.ts';
import type { Trainer } from '#main/trainer/loop.ts';
import { base64 as peakBase64 } from '#test/bench/assembly/peak.ts?wasm';
import { digits, spreadOf, type Row } from '#test/bench/measure.ts';
import { TRAINING_CASES, benchTrainer, stepRate, type TrainingCase } from '#test/bench/training-steps.ts';

/** A Python with torch; its rows are left out without one. */
const PYTHON = process.env['PARAMSCOPE_PYTHON'];
/** An npm folder with @tensorflow/tfjs, its WASM backend and @jax-js/jax, for the scripts of `../shared/bench-peers`. */
const JS_PEERS = process.env['PARAMSCOPE_JS_PEERS'];
const PEER_SCRIPTS = join(process.cwd(), '..', 'shared', 'bench-peers');

const ROUNDS = 5;
const OPTIMIZERS = ['sgd', 'adam'] as const;
type BenchOptimizer = (typeof OPTIMIZERS)[number];

/** A rate by round. */
type Rates = readonly number[];

interface RateCase {
  readonly name: string;
  /** Steps, or whatever is counted, per second. */
  readonly rate: () => number | Promise<number>;
}

export async function trainingRateRows(): Promise<Row[]> {
  return [
    await productRow(),
    ...(await torchRows()),
    ...(await threadRows()),
    ...(await peerRows('tfjs', 'mlp_tfjs.mjs', 10)),
    ...(await peerRows('jax-js', 'mlp_jaxjs.mjs', 1.5)),
  ];
}

/** Every round runs every case once, in another order. */
async function rounds(cases: readonly RateCase[], count = ROUNDS): Promise<readonly Rates[]> {
  const rates = cases.map((): number[] => []);
  for (let round = 0; round < count; round++) {
    for (let i = 0; i < cases.length; i++) {
      const index = (i + round) % cases.length;
      rates[index]!.push(await cases[index]!.rate());
    }
  }
  return rates;
}

function rateText(rates: Rates, unit: string): string {
  const { median, min, max } = spreadOf(rates);
  return `${digits(median)} ${unit} (${digits(min)}..${digits(max)})`;
}

function ratioRow(
  what: string,
  ours: Rates,
  name: string,
  theirs: Rates,
  goal: string,
  unit = 'steps/s',
): Row {
  const { median, min, max } = spreadOf(ours.map((rate, round) => rate / theirs[round]!));
  return {
    what,
    ours: rateText(ours, unit),
    against: `${name}: ${rateText(theirs, unit)}`,
    ratio: `ours / that ${digits(median)}× (${digits(min)}..${digits(max)})`,
    goal,
  };
}

/** Operations per second in a quarter of a second. */
function operationRate(run: () => void, operations: number): number {
  run();
  let count = 0;
  const begun = process.hrtime.bigint();
  let seconds = 0;
  while (seconds < 0.25) {
    run();
    count++;
    seconds = Number(process.hrtime.bigint() - begun) / 1e9;
  }
  return (count * operations) / seconds / 1e9;
}

async function productRow(): Promise<Row> {
  const size = 256;
  const { f32: kernels, reserve, memory } = createTrainingModule();
  const room = (count: number) =>
    new Float32Array(memory.buffer, reserve(count * 4), count).fill(0.5).byteOffset;
  const left = room((size + LEFT_ROWS) * size);
  const right = room((size + RIGHT_BYTES / 4) * size);
  const c = room(size * size);
  const rows = size - (size % LEFT_ROWS);
  const compiled = new WebAssembly.Module(Buffer.from(peakBase64, 'base64'));
  const { peak } = new WebAssembly.Instance(compiled).exports as {
    peak: (iterations: number, factor: number, summand: number) => number;
  };
  const [product, limit] = await rounds([
    {
      name: 'product',
      rate: () =>
        operationRate(
          () => kernels.multiply(left, right, c, size * 4, 4, rows, size, size, false),
          2 * rows * size * size,
        ),
    },
    { name: 'peak', rate: () => operationRate(() => peak(1_000_000, 0.999, 0.001), 96_000_000) },
  ]);
  return ratioRow(
    'matrix product 255×256×256, packed',
    product!,
    'mul+add peak',
    limit!,
    '≥ 0.90',
    'GFLOP/s',
  );
}

/** The ratios to PyTorch that are aimed at, by case. */
const TORCH_GOALS: Readonly<Record<TrainingCase, string>> = {
  a: '≥ 3',
  b: '≥ 1.4',
  c: '≥ 0.55',
  d: '≥ 0.50',
};

async function torchRows(): Promise<Row[]> {
  const peer = await startTorch(1);
  if (!peer) return [];
  const cases = allCases();
  const rates = await rounds(
    cases.flatMap(({ name, optimizer }) => [
      { name: 'ours', rate: () => stepRate(benchTrainer(name, optimizer)) },
      { name: 'torch', rate: () => peer.rate(name, optimizer) },
    ]),
  );
  peer.close();
  return cases.map(({ name, optimizer }, index) =>
    ratioRow(
      `training ${caseText(name)}, ${optimizer}, 1 thread`,
      rates[2 * index]!,
      `${peer.version} eager, 1 thread`,
      rates[2 * index + 1]!,
      TORCH_GOALS[name],
    ),
  );
}

function allCases(): readonly { readonly name: TrainingCase; readonly optimizer: BenchOptimizer }[] {
  const names = Object.keys(TRAINING_CASES) as TrainingCase[];
  return names.flatMap((name) => OPTIMIZERS.map((optimizer) => ({ name, optimizer })));
}

function caseText(name: TrainingCase): string {
  const { layers, batchSize } = TRAINING_CASES[name];
  return `${layers.join('-')}, batch ${batchSize}`;
}

async function threadRows(): Promise<Row[]> {
  const rates = (name: TrainingCase) =>
    rounds([
      { name: '2 threads', rate: () => rateWith(name, 2) },
      { name: '1 thread', rate: () => rateWith(name, 1) },
      { name: '2 threads beside a busy process', rate: () => besideBusyProcess(() => rateWith(name, 2)) },
    ]);
  const rows: Row[] = [];
  for (const name of ['c', 'd'] as const) {
    const [two, one, busy] = await rates(name);
    const what = `training ${caseText(name)}, sgd, 2 threads`;
    rows.push(ratioRow(what, two!, '1 thread', one!, '≥ 1.7'));
    rows.push(ratioRow(`${what} beside a busy process`, busy!, '1 thread, idle', one!, '≥ 1.0'));
  }
  return rows;
}

/** Steps per second with helpers in threads of their own, as the app has them. */
async function rateWith(name: TrainingCase, threads: number): Promise<number> {
  const trainer: Trainer = benchTrainer(name, 'sgd', threads);
  const { helpers } = trainer.team;
  const workers = helpers.map(
    (material) => new Worker(join(__dirname, 'trainer.cjs'), { workerData: { thread: 'helper', material } }),
  );
  await Promise.all(workers.map((worker) => new Promise((resolve) => worker.once('online', resolve))));
  const rate = stepRate(trainer);
  trainer.team.end();
  await Promise.all(workers.map((worker) => new Promise((resolve) => worker.once('exit', resolve))));
  return rate;
}

async function besideBusyProcess(run: () => Promise<number>): Promise<number> {
  const busy = spawn(process.execPath, ['-e', 'for (;;) {}'], { stdio: 'ignore' });
  try {
    return await run();
  } finally {
    busy.kill('SIGKILL');
  }
}

interface Torch {
  readonly version: string;
  rate(name: TrainingCase, optimizer: BenchOptimizer): Promise<number>;
  close(): void;
}

async function startTorch(threads: number): Promise<Torch | undefined> {
  if (!PYTHON) return undefined;
  const script = join(process.cwd(), 'test', 'bench', 'training_peer.py');
  const child: ChildProcess = spawn(PYTHON, [script, String(threads)], {
    stdio: ['pipe', 'pipe', 'inherit'],
    env: { ...process.env, OMP_NUM_THREADS: String(threads), MKL_NUM_THREADS: String(threads) },
  });
  const lines = createInterface({ input: child.stdout! })[Symbol.asyncIterator]();
  const next = async () => {
    const { value, done } = await lines.next();
    if (done) throw new Error(`${PYTHON} ended; see what it wrote above`);
    return value;
  };
  const version = await next();
  return {
    version,
    rate: async (name, optimizer) => {
      child.stdin!.write(`${name} ${optimizer}\n`);
      return Number(await next());
    },
    close: () => child.stdin!.end(),
  };
}

/** A trainer in JavaScript, by its script among the peers; no rows where it is not installed. */
async function peerRows(name: string, script: string, goal: number): Promise<Row[]> {
  const path = join(PEER_SCRIPTS, script);
  if (!JS_PEERS || !existsSync(path)) return [];
  const rows: Row[] = [];
  for (const { name: own, optimizer } of allCases()) {
    const [ours, theirs] = await rounds(
      [
        { name: 'ours', rate: () => stepRate(benchTrainer(own, optimizer)) },
        { name, rate: () => scriptRate(path, JS_PEERS, own, optimizer) },
      ],
      3,
    );
    const what = `training ${caseText(own)}, ${optimizer}, 1 thread`;
    rows.push(ratioRow(what, ours!, `${name}, WASM`, theirs!, `≥ ${goal}`));
  }
  return rows;
}

function scriptRate(path: string, folder: string, name: TrainingCase, optimizer: BenchOptimizer): number {
  const { stdout } = spawnSync(process.execPath, [path], {
    encoding: 'utf8',
    env: { ...process.env, JSDIR: folder, ONLY: name, OPTS: optimizer, MODE: 'wasm', THREADS: '1' },
  });
  const line = stdout.split('\n').find((text) => text.startsWith('{')) ?? '{"r":{}}';
  const { r: rates } = JSON.parse(line) as { r: Readonly<Record<string, number>> };
  return rates[`${name}.${optimizer}`] ?? NaN;
}
