import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';

import { cacheAnew, compareWhole, makeSafetensors, readWhole } from '#test/bench/data.ts';
import { BUNDLE, FOLDER, ask, engineCase, engineFor } from '#test/bench/engines.ts';
import {
  digits,
  fasterRow,
  measure,
  slowerRow,
  type Case,
  type Figure,
  type Row,
} from '#test/bench/measure.ts';
import { rustCase, startPeer, type Peer } from '#test/bench/peers.ts';
import type { Engine } from '#main/engine.ts';

/** 192 tensors of 4 MiB and one of 256 MiB: 1 GiB of f32. */
const SIZES = [...new Array<number>(192).fill(2 ** 20), 2 ** 26];
/** As many tensors, but small. */
const WARM_SIZES = [...new Array<number>(192).fill(2 ** 16), 2 ** 23];

interface Files {
  readonly small: string;
  readonly f32: string;
  readonly same: string;
  readonly noisy: string;
  readonly bf16: string;
  /** The f32 tensors with a CRC-32 each. */
  readonly checked: string;
}

async function makeFiles(): Promise<Files> {
  const at = (name: string) => join(FOLDER, name);
  const files = {
    small: at('warm.safetensors'),
    f32: at('gib-f32.safetensors'),
    same: at('gib-same.safetensors'),
    noisy: at('gib-noisy.safetensors'),
    bf16: at('gib-bf16.safetensors'),
    checked: at('gib-f32.npz'),
  };
  makeSafetensors(files.small, { sizes: WARM_SIZES, seed: 3 });
  makeSafetensors(files.f32, { sizes: SIZES, seed: 7 });
  makeSafetensors(files.same, { sizes: SIZES, seed: 7 });
  makeSafetensors(files.noisy, { sizes: SIZES, seed: 7, isNoisy: true });
  makeSafetensors(files.bf16, { sizes: SIZES.map((size) => 2 * size), seed: 7, dtype: 'bf16' });
  if (!existsSync(files.checked)) {
    const engine = await engineFor(false);
    const [file, to] = [engine.grant(files.f32).file, engine.grant(files.checked).file];
    await ask(engine, 'checkpoint.save', { file, to, format: 'npz' });
    await engine.close();
  }
  for (const path of Object.values(files)) cacheAnew(path);
  return files;
}

function statistics(path: string, options: { bins?: number; verify?: boolean } = { bins: 256 }) {
  return (engine: Engine) =>
    ask(engine, 'checkpoint.summarize', { file: engine.grant(path).file, quantiles: [], ...options });
}

function comparison(a: string, b: string) {
  return (engine: Engine) =>
    ask(engine, 'checkpoint.compare', { a: engine.grant(a).file, b: engine.grant(b).file });
}

/** More than elsewhere: memory is shared with whatever else the machine does. */
const ROUNDS = 9;

/** Cases that may be missing, measured in the same rounds; the figures come back by key. */
async function measureNamed<Key extends string>(
  cases: Readonly<Record<Key, Case | undefined>>,
): Promise<Partial<Record<Key, Figure>>> {
  const present = (Object.entries(cases) as [Key, Case | undefined][]).filter(
    (entry): entry is [Key, Case] => entry[1] !== undefined,
  );
  const figures = await measure(
    present.map(([, own]) => own),
    ROUNDS,
  );
  return Object.fromEntries(present.map(([key], index) => [key, figures[index]!])) as Partial<
    Record<Key, Figure>
  >;
}

/** Rows for which both sides were measured. */
function row(
  make: typeof fasterRow,
  what: string,
  ours: Figure | undefined,
  other: Figure | undefined,
  goal?: string,
): Row[] {
  return ours && other ? [make(what, ours, other, goal)] : [];
}

export async function passRows(): Promise<Row[]> {
  const files = await makeFiles();
  const [one, two] = [await startPeer(1), await startPeer(2)];
  try {
    return [
      ...(await statisticsRows(files, one, two)),
      ...(await comparisonRows(files, one, two)),
      ...(await sharedReadRows(files)),
      memoryRow(files.f32),
    ];
  } finally {
    one?.close();
    two?.close();
  }
}

async function statisticsRows(files: Files, one: Peer | undefined, two: Peer | undefined): Promise<Row[]> {
  const { small, f32, bf16 } = files;
  const found = await measureNamed({
    full: engineCase('ours', false, small, statistics(f32)),
    threads: engineCase('ours', true, small, statistics(f32)),
    plain: engineCase('without bins', false, small, statistics(f32, {})),
    bf16: engineCase('ours', false, small, statistics(bf16)),
    torch: one?.timed('torch, lean, 1 thread', 'statistics', f32),
    torch2: two?.timed('torch, lean, 2 threads', 'statistics', f32),
    torchBf16: one?.timed('torch, lean, 1 thread', 'statistics', bf16),
    rust: rustCase('native reference, 1 thread', 'stats', 1, f32),
    reading: { name: 'reading it', run: () => readWhole(f32) },
  });
  const what = 'statistics and 256 exact bins of 1 GiB f32';
  return [
    ...row(fasterRow, `${what}, one thread`, found.full, found.torch, '≥ 8×'),
    ...row(slowerRow, `${what}, one thread`, found.full, found.rust, '≤ 1.6×'),
    ...row(slowerRow, 'statistics without bins, one thread', found.plain, found.rust, '≤ 1.2×'),
    ...row(slowerRow, `${what}, one thread`, found.full, found.reading),
    ...row(
      fasterRow,
      `${what}, two threads`,
      found.threads,
      found.full && { ...found.full, name: 'ours, one thread' },
      '≥ 1.7×',
    ),
    ...row(fasterRow, `${what}, two threads`, found.threads, found.torch2),
    ...row(fasterRow, 'the same of 1 GiB bf16, one thread', found.bf16, found.torchBf16, '≥ 12×'),
  ];
}

async function comparisonRows(files: Files, one: Peer | undefined, two: Peer | undefined): Promise<Row[]> {
  const { small, f32, same, noisy } = files;
  const found = await measureNamed({
    equal: engineCase('ours', false, small, comparison(f32, same)),
    difference: engineCase('ours', false, small, comparison(f32, noisy)),
    threads: engineCase('ours', true, small, comparison(f32, noisy)),
    torchEqual: one?.timed('torch.equal, 1 thread', 'equal', f32, same),
    torch: one?.timed('torch, lean, 1 thread', 'difference', f32, noisy),
    torch2: two?.timed('torch, lean, 2 threads', 'difference', f32, noisy),
    bytes: { name: 'reading both, and memcmp', run: () => void compareWhole(f32, same) },
    cmp: { name: 'cmp', run: () => void spawnSync('cmp', ['-s', f32, same]) },
    rust: rustCase('native reference, 1 thread', 'diff', 1, f32, noisy),
  });
  const all = 'all figures of the difference of two files of 1 GiB';
  return [
    ...row(fasterRow, 'equality of two files of 1 GiB, one thread', found.equal, found.torchEqual, '≥ 1.6×'),
    ...row(slowerRow, 'equality of two files of 1 GiB, one thread', found.equal, found.cmp, '≤ 0.4×'),
    ...row(slowerRow, 'equality of two files of 1 GiB, one thread', found.equal, found.bytes),
    ...row(fasterRow, `${all}, one thread`, found.difference, found.torch, '≥ 3.5×'),
    ...row(slowerRow, `${all}, one thread`, found.difference, found.rust),
    ...row(fasterRow, `${all}, two threads`, found.threads, found.torch2),
  ];
}

async function sharedReadRows({ small, checked }: Files): Promise<Row[]> {
  const [both, alone] = await measure([
    engineCase('ours', false, small, statistics(checked, { bins: 256, verify: true })),
    engineCase('statistics alone', false, small, statistics(checked)),
  ]);
  return [slowerRow('CRC-32 of every byte with statistics, one thread', both!, alone!, '≤ 2×')];
}

/** Peak memory of a process that does nothing but this. */
function memoryRow(path: string): Row {
  const script = `process.on('exit', () => console.error(process.resourceUsage().maxRSS)); process.argv.splice(1, 0, 'x'); require(process.argv[2])`;
  const { stderr } = spawnSync(
    process.execPath,
    ['-e', script, join(BUNDLE, 'paramscope.cjs'), 'stat', path, '--quiet'],
    { encoding: 'utf8', stdio: ['ignore', 'ignore', 'pipe'] },
  );
  const peak = Number(stderr.trim().split('\n').at(-1)) / 1024;
  return {
    what: 'peak memory of `paramscope stat`, 1 GiB, two compute threads',
    ours: `${digits(peak)} MiB`,
    against: '',
    ratio: '',
    goal: '≤ 300 MiB',
  };
}
