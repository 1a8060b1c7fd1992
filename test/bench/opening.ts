import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { makeSafetensors } from '#test/bench/data.ts';
import { BUNDLE, FOLDER, ask, engineFor } from '#test/bench/engines.ts';
import { digits, fasterRow, measure, slowerRow, spreadOf, type Case, type Row } from '#test/bench/measure.ts';
import { startPeer } from '#test/bench/peers.ts';

const COMMAND_LINE = join(BUNDLE, 'paramscope.cjs');

/** Opening is all of it: engine made, file granted, described and let go. */
function openCase(path: string): Case {
  return {
    name: 'ours',
    run: async () => {
      const engine = await engineFor(false);
      await ask(engine, 'checkpoint.open', { file: engine.grant(path).file });
      await engine.close();
    },
  };
}

function parseHeader(path: string): void {
  const bytes = readFileSync(path);
  JSON.parse(bytes.subarray(8, 8 + Number(bytes.readBigUInt64LE())).toString('utf8'));
}

function processCase(name: string, ...parameters: string[]): Case {
  return {
    name,
    run: () => {
      const { status } = spawnSync(process.execPath, parameters, { stdio: 'ignore' });
      if (status !== 0) throw new Error(`${name} ended with exit ${status}`);
    },
  };
}

/** Peak memory of a process of Node that runs a script, in MiB. */
function peakOf(parameters: readonly string[]): number {
  const folder = mkdtempSync(join(tmpdir(), 'peak-'));
  const told = join(folder, 'peak');
  const preload = join(folder, 'peak.cjs');
  const text = `process.on('exit', () => require('node:fs').writeFileSync(${JSON.stringify(told)}, String(process.resourceUsage().maxRSS)));`;
  writeFileSync(preload, text);
  spawnSync(process.execPath, ['--require', preload, ...parameters], { stdio: 'ignore' });
  return Number(readFileSync(told, 'utf8')) / 1024;
}

function peakRow(
  what: string,
  ours: readonly string[],
  name: string,
  plain: readonly string[],
  goal: string,
): Row {
  const rounds = [0, 1, 2].map(() => [peakOf(ours), peakOf(plain)] as const);
  const [own, other] = [0, 1].map((side) => spreadOf(rounds.map((pair) => pair[side]!)));
  return {
    what,
    ours: `${digits(own!.median)} MiB`,
    against: `${name}: ${digits(other!.median)} MiB`,
    ratio: `ours / that ${digits(own!.median / other!.median)}×`,
    goal,
  };
}

export async function openingRows(): Promise<Row[]> {
  const rows: Row[] = [];
  for (const count of [2000, 100_000]) {
    const path = join(FOLDER, `open-${count}.safetensors`);
    makeSafetensors(path, { sizes: new Array<number>(count).fill(4), seed: 1 });
    const plain = { name: 'reading and JSON.parse of the header', run: () => parseHeader(path) };
    const [ours, other] = await measure([openCase(path), plain]);
    const goal = count === 100_000 ? '≤ 1.5×' : undefined;
    rows.push(slowerRow(`open ${count.toLocaleString('en')} tensors (safetensors)`, ours!, other!, goal));
  }
  const many = join(FOLDER, 'open-100000.safetensors');
  const parse = `const b = require('node:fs').readFileSync(${JSON.stringify(many)}); JSON.parse(b.subarray(8, 8 + Number(b.readBigUInt64LE())).toString('utf8'))`;
  rows.push(
    peakRow(
      'peak memory of `paramscope ls`, 100,000 tensors',
      [COMMAND_LINE, 'ls', many],
      'the same parse under `node -e`',
      ['-e', parse],
      '≤ 1.5×',
    ),
  );
  const small = join(FOLDER, 'small.safetensors');
  makeSafetensors(small, { sizes: [12, 3], seed: 2 });
  const [list, nothing] = await measure(
    [processCase('ours', COMMAND_LINE, 'ls', small), processCase('node -e 0', '-e', '0')],
    11,
  );
  rows.push(slowerRow('`paramscope ls` of a small file, whole process', list!, nothing!, '≤ 2×'));
  return [...rows, ...(await torchRows())];
}

/** Of a few milliseconds each: enough for the median to be of code that both sides have run before. */
const OPENING_ROUNDS = 25;

/** A `.pt` of 1 GiB, beside torch's own loading by memory map. */
async function torchRows(): Promise<Row[]> {
  const peer = await startPeer(1);
  if (!peer) return [];
  const path = join(FOLDER, 'big.pt');
  if (!existsSync(path)) await peer.ask('make-pt', path);
  const [ours, theirs] = await measure(
    [openCase(path), peer.timed('torch.load(mmap)', 'open-pt', path)],
    OPENING_ROUNDS,
  );
  const load = `import torch; torch.load(${JSON.stringify(path)}, mmap=True, weights_only=True)`;
  const [list, python] = await measure(
    [
      processCase('ours', COMMAND_LINE, 'ls', path),
      {
        name: 'python, import torch, torch.load(mmap)',
        run: () => void spawnSync(process.env['PARAMSCOPE_PYTHON']!, ['-c', load], { stdio: 'ignore' }),
      },
    ],
    3,
  );
  peer.close();
  return [
    fasterRow('open a .pt of 1 GiB, 300 tensors', ours!, theirs!, '≥ 1×'),
    fasterRow('list the same, whole process', list!, python!, '≥ 10×'),
    peakRow('peak memory of listing it', [COMMAND_LINE, 'ls', path], 'node -e 0', ['-e', '0'], '+20 MB'),
  ];
}
