/** Imports, their offsets and torch's own answer, for every file that the frameworks wrote: recorded by Python's pickletools and by torch. */
import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { basename, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';

import { fileSource } from '#main/bytes/file-source.ts';
import { folderOf } from '#main/bytes/folder.ts';
import { openCheckpoint } from '#main/formats/detect.ts';
import { fileInput } from '#main/formats/input.ts';
import { ALLOWED_GLOBALS } from '#main/formats/pytorch/weights-only-rules.ts';
import { newFindings } from '#main/formats/xray/findings.ts';
import { scanCode } from '#main/formats/xray/xray.ts';
import { walkStream } from '#main/formats/xray/streams.ts';
import { hasOracles, hasSamples, SHARED } from '#test/kit/shared-files.ts';
import { isAppError } from '#shared/errors.ts';
import type { Xray } from '#shared/xray.ts';

const FIXTURES = fileURLToPath(new URL('../../../fixtures/', import.meta.url));

interface Recorded {
  readonly starts: readonly number[];
  readonly end: number;
  readonly imports: readonly (readonly [module: string, name: string, offset: number])[];
}
type Streams = Readonly<Record<string, Recorded>>;

interface Answer {
  readonly accepted: boolean;
  readonly type?: string;
  readonly reason?: string;
}
interface Answers {
  readonly allowed: readonly string[];
  readonly files: Readonly<Record<string, Answer>>;
}

const recorded = readJson('pickle/imports.json') as Readonly<Record<string, Streams>>;
const answers = readJson('pickle/weights-only.json') as Answers;

function readJson(name: string): unknown {
  return JSON.parse(readFileSync(`${FIXTURES}${name}`, 'utf8'));
}

function filesUnder(folder: string, prefix: string): string[] {
  return readdirSync(folder).flatMap((name) => {
    const path = join(folder, name);
    return statSync(path).isDirectory() ? filesUnder(path, `${prefix}${name}/`) : [`${prefix}${name}`];
  });
}

describe.skipIf(!hasOracles || !hasSamples)('imports and ends equal what pickletools finds', () => {
  const paths =
    hasOracles && hasSamples
      ? ['oracles', 'samples'].flatMap((top) => filesUnder(`${SHARED}${top}`, `${top}/`))
      : [];

  it('knows every file that has a pickle', () => {
    expect(Object.keys(recorded).filter((path) => !paths.includes(path))).toEqual([]);
  });

  it.each(paths)('%s', async (path) => {
    const source = await fileSource(SHARED + path);
    const findings = newFindings();
    await walkStream(source, '', findings, { isSearched: false });
    const found: Record<string, { starts: number[]; end: number; imports: unknown[] }> = {};
    for (const { stream, begin, end } of findings.pickles) {
      const row = (found[stream] ??= { starts: [], end: 0, imports: [] });
      row.starts.push(begin);
      row.end = end;
    }
    for (const { module, name, offset, stream } of findings.imports)
      found[stream]?.imports.push([module, name, offset]);
    expect(found).toEqual(recorded[path] ?? {});
    await source.close();
  });
});

async function xrayOf(path: string): Promise<Xray> {
  const source = await fileSource(path);
  try {
    const checkpoint = await openCheckpoint(await fileInput(source, folderOf(path))).catch(
      (error: unknown) => {
        if (isAppError(error) && error.code !== 'internal') return undefined;
        throw error;
      },
    );
    const xray = await scanCode([source], { checkpoint });
    await Promise.all(checkpoint?.sources.map((one) => one.close()) ?? []);
    return xray;
  } finally {
    await source.close().catch(() => {});
  }
}

describe('torch.load(weights_only=True) takes what we say it takes', () => {
  it('allows the names that torch allows', () => {
    expect([...ALLOWED_GLOBALS].sort()).toEqual([...answers.allowed].sort());
  });

  const files = Object.entries(answers.files).map(([path, answer]) => {
    const full = path.startsWith('pytorch/') ? `${FIXTURES}${path}` : `${SHARED}${path}`;
    return [path, full, answer] as const;
  });
  it.each(files.filter(([, full]) => existsSync(full)))('%s', async (_path, full, answer) => {
    const { weightsOnly } = await xrayOf(full);
    expect(weightsOnly, answer.reason).toMatchObject({ accepted: answer.accepted });
    const global = /Unsupported global: GLOBAL (\S+)/.exec(answer.reason ?? '')?.[1];
    if (global !== undefined) expect(weightsOnly.reason).toContain(`it imports ${global},`);
    const operand = /Unsupported operand (\d+)/.exec(answer.reason ?? '')?.[1];
    if (operand !== undefined) expect(weightsOnly.reason).toContain('opcode');
    expect(weightsOnly.reason === undefined, basename(full)).toBe(answer.accepted);
  });
});
