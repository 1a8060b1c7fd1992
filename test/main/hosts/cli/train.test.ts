import { execFileSync } from 'node:child_process';
import { copyFileSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { gzipSync } from 'node:zlib';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';

import type { RunEvent } from '#shared/run.ts';
import { paramscope, paramscopeJson, paramscopeUntil } from '#test/kit/command-line.ts';
import { readPlainSafetensors } from '#test/kit/plain-safetensors.ts';
import { hasOracles, ORACLES } from '#test/kit/shared-files.ts';

let folder: string;
beforeEach(() => void (folder = mkdtempSync(join(tmpdir(), 'paramscope-train-'))));
afterEach(() => rmSync(folder, { recursive: true }));

const out = () => join(folder, 'run');
const config = (value: unknown) => {
  const path = join(folder, 'config.json');
  writeFileSync(path, JSON.stringify(value));
  return path;
};
const eventsOf = (text: string) =>
  text
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as RunEvent);

describe('paramscope train', () => {
  it('trains the chapter’s network without a configuration', async () => {
    const { code, out: text } = await paramscope('train', '--out', out(), '--steps', '120');
    expect(code).toBe(0);
    expect(readdirSync(out()).sort()).toEqual([
      'run.json',
      'run.jsonl',
      'step-000100.safetensors',
      'step-000120.safetensors',
    ]);
    expect(text).toContain('saved step-000100.safetensors');
  });

  it('prints one object a line with --json', async () => {
    const { code, out: text } = await paramscope('train', '--out', out(), '--steps', '20', '--json');
    const events = eventsOf(text);
    expect(code).toBe(0);
    expect(events.filter(({ event }) => event === 'step')).toHaveLength(20);
    expect(events.at(-1)).toEqual({ event: 'done', step: 20, state: 'finished', problems: 0 });
  });

  it('refuses fields that there are not, by name, with the usage’s exit code', async () => {
    const { code, error } = await paramscope('train', config({ optimizer: { lr: 1 } }), '--out', out());
    expect([code, error.includes('optimizer.lr')]).toEqual([2, true]);
  });

  it('refuses a folder that holds a run, and resumes it when told to', async () => {
    await paramscope('train', '--out', out(), '--steps', '10');
    expect((await paramscope('train', '--out', out(), '--steps', '20')).code).toBe(2);
    const { code, out: text } = await paramscope(
      'train',
      '--out',
      out(),
      '--steps',
      '20',
      '--resume',
      '--json',
    );
    expect(code).toBe(0);
    expect(eventsOf(text)[0]).toEqual({ event: 'resumed', step: 10, file: 'step-000010.safetensors' });
    expect((await paramscope('train', '--out', out(), '--resume')).code).toBe(0);
    const other = await paramscope('train', config({ seed: 8 }), '--out', out(), '--resume', '--steps', '30');
    expect([other.code, other.error.includes('seed')]).toEqual([2, true]);
  });

  it('leaves nothing half-written when it is interrupted', async () => {
    const controller = new AbortController();
    setTimeout(() => controller.abort(), 300);
    const { code } = await paramscopeUntil(controller.signal, 'train', '--out', out(), '--steps', '10000000');
    expect(code).toBe(130);
    expect(readdirSync(out()).filter((name) => name.endsWith('.tmp'))).toEqual([]);
    expect(readdirSync(out()).some((name) => name.endsWith('.safetensors'))).toBe(true);
  });

  it('takes digits from IDX files that the configuration names, zipped ones too', async () => {
    const script = fileURLToPath(new URL('../../../../build/mnist.mjs', import.meta.url));
    execFileSync(process.execPath, [script, folder]);
    const images = join(folder, 'my-images-idx3-ubyte.gz');
    writeFileSync(images, gzipSync(readFileSync(join(folder, 'test-images.idx'))));
    writeFileSync(
      join(folder, 'my-labels-idx1-ubyte.gz'),
      gzipSync(readFileSync(join(folder, 'test-labels.idx'))),
    );
    const settings = config({ layers: [784, 16, 10], data: { source: images }, epochs: 2 });
    const { code, out: text } = await paramscope('train', settings, '--out', out(), '--json');
    expect(code).toBe(0);
    const done = eventsOf(text).at(-1);
    // 900 of the 1,000 train, 29 batches an epoch
    expect(done).toMatchObject({ event: 'done', step: 58, state: 'finished' });

    copyFileSync(images, join(folder, 'alone-images.gz'));
    const alone = config({ layers: [784, 16, 10], data: { source: join(folder, 'alone-images.gz') } });
    const missing = await paramscope('train', alone, '--out', join(folder, 'other'));
    expect([missing.code, missing.error.includes('alone-labels.gz')]).toEqual([3, true]);
  });
});

describe.skipIf(!hasOracles)('paramscope restore', () => {
  const chapter = `${ORACLES}chapter/pytorch/`;

  it('reproduces the recorded output, and says so with exit code 0', async () => {
    const { code, document } = await paramscopeJson<{ verdict: string; cells: number }>(
      ...['restore', `${chapter}mlp.params`, '--input', `${chapter}X.npy`, '--output', `${chapter}Y.npy`],
    );
    expect([code, document.verdict, document.cells]).toEqual([0, 'reproduced', 20]);
  });

  it('says no with exit code 1', async () => {
    const changed = readFileSync(`${chapter}Y.npy`);
    changed.writeFloatLE(changed.readFloatLE(changed.byteLength - 4) + 0.01, changed.byteLength - 4);
    writeFileSync(join(folder, 'Y.npy'), changed);
    const arch = config({ layers: [{ linear: [20, 256] }, { activation: 'relu' }, { linear: [256, 10] }] });
    const { code, document } = await paramscopeJson<{ verdict: string; at: number[] }>(
      ...['restore', `${chapter}mlp.params`, '--input', `${chapter}X.npy`],
      ...['--output', join(folder, 'Y.npy'), '--arch', arch],
    );
    expect([code, document.verdict, document.at]).toEqual([1, 'not-reproduced', [1, 9]]);
  });

  it('rebuilds a checkpoint of our own trainer, too', async () => {
    await paramscope('train', '--out', out(), '--steps', '10');
    const checkpoint = join(out(), 'step-000010.safetensors');
    const { code, error } = await paramscope(
      ...['restore', checkpoint, '--input', `${chapter}X.npy`, '--output', `${chapter}Y.npy`],
    );
    // the network fits, its outputs are its own
    expect([code, error]).toEqual([1, '']);
  });
});

it('a run on a person’s own table is proved and resumed without its configuration', async () => {
  const table = join(folder, 'own.csv');
  const rows = Array.from({ length: 40 }, (_, row) => `${row % 7},${row % 5},${row % 2}`);
  writeFileSync(table, `${rows.join('\n')}\n`);
  const own = config({
    layers: [2, 4, 2],
    data: { source: table },
    batchSize: 8,
    checkpoint: { everySteps: 5 },
  });
  expect((await paramscope('train', own, '--out', out(), '--steps', '10')).code).toBe(0);
  const proof = await paramscope('prove', out());
  expect([proof.code, proof.error]).toEqual([0, '']);
  const resumed = await paramscope('train', '--out', out(), '--resume', '--steps', '15');
  expect([resumed.code, resumed.error]).toEqual([0, '']);
});

describe('a table whose last column names classes', () => {
  const write = (rows: readonly string[]) => {
    writeFileSync(join(folder, 'animals.csv'), `height,weight,animal\n${rows.join('\n')}\n`);
    return join(folder, 'animals.csv');
  };
  const animals = ['dog', 'cat', 'ant'];
  const rows = Array.from({ length: 60 }, (_, row) => `${row % 7},${row % 5},${animals[row % 3]!}`);
  const train = (settings: object) => paramscope('train', config(settings), '--out', out(), '--steps', '10');

  it('is trained on, and the checkpoint tells the names in order of the outputs', async () => {
    const own = { layers: [2, 4, 3], data: { source: write(rows) }, batchSize: 8 };
    expect((await train(own)).code).toBe(0);
    const { metadata } = readPlainSafetensors(join(out(), 'step-000010.safetensors'));
    const record = JSON.parse(metadata['paramscope']!) as { data: { classes: string[] } };
    expect(record.data.classes).toEqual(['ant', 'cat', 'dog']);
    const proof = await paramscope('prove', out());
    expect([proof.code, proof.out.includes('classes: ant, cat, dog')]).toEqual([0, true]);
    expect((await paramscope('train', '--out', out(), '--resume', '--steps', '15')).code).toBe(0);
  });

  it('is refused where the outputs are not as many, by name', async () => {
    const { code, error } = await train({ layers: [2, 4, 10], data: { source: write(rows) } });
    expect([code, error.includes('layers that end with 3: "ant", "cat", "dog"')]).toEqual([2, true]);
  });

  it('is refused where a name is seen in what is held out alone', async () => {
    const rare = ['1,1,emu', ...rows.slice(0, 1)];
    const { code, error } = await train({
      layers: [2, 4, 2],
      data: { source: write(rare), validation: 0.5 },
    });
    expect(code).toBe(2);
    expect(error).toContain('a label occurs among the examples held out alone');
    expect(error).toMatch(/"(emu|dog)" for example [01]/);
  });
});
