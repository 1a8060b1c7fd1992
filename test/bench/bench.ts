/** Runs the benchmarks by section and prints one table: `npm run bench [-- opening passes encoded training saving] [-- --write]`. */
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { cpus, loadavg, totalmem } from 'node:os';
import { join } from 'node:path';

import { encodedRows } from '#test/bench/encoded.ts';
import type { Row } from '#test/bench/measure.ts';
import { openingRows } from '#test/bench/opening.ts';
import { passRows } from '#test/bench/passes.ts';
import { startPeer } from '#test/bench/peers.ts';
import { savingRows } from '#test/bench/saving.ts';
import { trainingRows } from '#test/bench/training.ts';

const SECTIONS: Readonly<Record<string, () => Promise<Row[]>>> = {
  opening: openingRows,
  passes: passRows,
  encoded: encodedRows,
  training: trainingRows,
  saving: savingRows,
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

const PAGE = join(process.cwd(), 'test', 'bench', 'README.md');

const ABOUT = `# Figures

Written by \`npm run bench -- --write\`; with names of sections behind it, those alone are measured anew. Every round runs all cases of a
group in turn, in another order, on files that were read into the page cache anew, by an engine that has worked before; a ratio is taken round by round. Peers are there where \`PARAMSCOPE_PYTHON\`
names a Python with torch, numpy and safetensors, \`PARAMSCOPE_PACKERS_PYTHON\` one with numpy, h5py and numcodecs (the former, if that is not named), and \`PARAMSCOPE_RUST_REFERENCE\` a native program; their imports are in no time.
`;

/** What the page has of each section so far, by its heading. */
function sectionsOfPage(): Map<string, string> {
  const text = existsSync(PAGE) ? readFileSync(PAGE, 'utf8') : '';
  return new Map(text.split(/^(?=## )/m).map((part) => [part.split('\n', 1)[0]!, part]));
}

async function main(): Promise<void> {
  const wanted = process.argv.slice(2).filter((word) => !word.startsWith('--'));
  const about = await machine();
  process.stdout.write(`${about}\n`);
  const page = sectionsOfPage();
  const parts: string[] = [];
  for (const [name, section] of Object.entries(SECTIONS)) {
    const heading = `## ${name[0]!.toUpperCase()}${name.slice(1)}`;
    let part = page.get(heading);
    if (wanted.length === 0 || wanted.includes(name)) {
      part = `${heading}\n\n${about}\n\n${tableOf(await section())}`;
      process.stdout.write(`\n${part}`);
    }
    if (part !== undefined) parts.push(part.trimEnd());
  }
  if (process.argv.includes('--write')) writeFileSync(PAGE, `${[ABOUT.trimEnd(), ...parts].join('\n\n')}\n`);
}

void main();
