/** Runs the benchmarks by section and prints one table: `npm run bench [-- opening passes training] [-- --write]`. */
import { writeFileSync } from 'node:fs';
import { cpus, loadavg, totalmem } from 'node:os';
import { join } from 'node:path';

import type { Row } from '#test/bench/measure.ts';
import { openingRows } from '#test/bench/opening.ts';
import { passRows } from '#test/bench/passes.ts';
import { startPeer } from '#test/bench/peers.ts';
import { trainingRows } from '#test/bench/training.ts';

const SECTIONS: Readonly<Record<string, () => Promise<Row[]>>> = {
  opening: openingRows,
  passes: passRows,
  training: trainingRows,
};

async function machine(): Promise<string> {
  const peer = await startPeer(1);
  peer?.close();
  const parts = [
    `${cpus().length} × ${cpus()[0]?.model.trim() ?? 'unknown'}`,
    `${(totalmem() / 2 ** 30).toFixed(0)} GiB`,
    `Node ${process.versions.node}`,
    peer?.versions ?? 'no Python named, so no peers',
    `load ${loadavg()[0]!.toFixed(1)} at the start`,
  ];
  return parts.join(', ');
}

function tableOf(rows: readonly Row[]): string {
  const lines = [
    '| what | ours: median (min..max) | measured beside it | ratio, round by round | goal |',
    '| --- | --- | --- | --- | --- |',
    ...rows.map(({ what, ours, against, ratio, goal = '' }) =>
      `| ${[what, ours, against, ratio, goal].join(' | ')} |`.replaceAll('|  |', '| |'),
    ),
  ];
  return `${lines.join('\n')}\n`;
}

async function main(): Promise<void> {
  const wanted = process.argv.slice(2).filter((word) => !word.startsWith('--'));
  const about = await machine();
  process.stdout.write(`${about}\n`);
  const tables: string[] = [];
  for (const [name, section] of Object.entries(SECTIONS)) {
    if (wanted.length > 0 && !wanted.includes(name)) continue;
    tables.push(`## ${name[0]!.toUpperCase()}${name.slice(1)}\n\n${tableOf(await section())}`);
    process.stdout.write(`\n${tables.at(-1)}`);
  }
  if (!process.argv.includes('--write')) return;
  const text = `# Figures

Written by \`npm run bench -- --write\`. Every round runs all cases of a group in turn, in another order, on files of the page cache;
a ratio is taken round by round. Peers are there where \`PARAMSCOPE_PYTHON\` names a Python with torch, numpy and safetensors, and
\`PARAMSCOPE_RUST_REFERENCE\` a native program; their imports are in no time.

${about}

${tables.join('\n')}`;
  writeFileSync(join(process.cwd(), 'test', 'bench', 'README.md'), text);
}

void main();
