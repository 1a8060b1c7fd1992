import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { createHash } from 'node:crypto';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';

import type { RunConfigInput } from '#shared/commands/run-config.ts';
import { isAppError } from '#shared/errors.ts';
import type { RunEvent } from '#shared/run.ts';
import { readPlainSafetensors } from '#test/kit/plain-safetensors.ts';
import { runBench, type RunBench } from '#test/kit/run-service.ts';

let bench: RunBench;
beforeEach(async () => void (bench = await runBench()));
afterEach(() => bench.close());

const SMALL: RunConfigInput = { layers: [20, 16, 10], checkpoint: { everySteps: 10, keepLast: 3 } };

const filesOf = (name: string) => readdirSync(join(bench.folder, name)).sort();
const digestOf = (name: string, file: string) =>
  createHash('sha256')
    .update(readFileSync(join(bench.folder, name, file)))
    .digest('hex');
const ofKind = <Kind extends RunEvent['event']>(events: readonly RunEvent[], kind: Kind) =>
  events.filter((event): event is Extract<RunEvent, { event: Kind }> => event.event === kind);
const codeOf = (error: unknown) => (isAppError(error) ? error.code : error);

describe('training to the end', () => {
  it('leaves the last checkpoints, the last step too, the log and the description', async () => {
    const { events, snapshot } = await bench.train('a', { config: SMALL, steps: 55 });
    expect(filesOf('a')).toEqual([
      'run.json',
      'run.jsonl',
      'step-000040.safetensors',
      'step-000050.safetensors',
      'step-000055.safetensors',
    ]);
    expect(snapshot).toMatchObject({ state: 'finished', step: 55, totalSteps: 55, problems: [] });
    expect(ofKind(events, 'step').map(({ step }) => step)).toEqual(
      Array.from({ length: 55 }, (_, i) => i + 1),
    );
    expect(ofKind(events, 'checkpoint').map(({ step }) => step)).toEqual([10, 20, 30, 40, 50, 55]);
    expect(ofKind(events, 'dropped').map(({ step }) => step)).toEqual([10, 20, 30]);
    expect(events[events.length - 1]).toEqual({ event: 'done', step: 55, state: 'finished', problems: 0 });
  });

  it('tells of each checkpoint the file and its SHA-256', async () => {
    const { events } = await bench.train('a', { config: SMALL, steps: 20 });
    for (const { file, sha256, byteLength } of ofKind(events, 'checkpoint')) {
      expect(digestOf('a', file)).toBe(sha256);
      expect(readFileSync(join(bench.folder, 'a', file)).byteLength).toBe(byteLength);
    }
  });

  it('writes checkpoints that a plain safetensors reader reads, with the digests inside', async () => {
    await bench.train('a', { config: SMALL, steps: 10 });
    const { tensors, metadata } = readPlainSafetensors(join(bench.folder, 'a', 'step-000010.safetensors'));
    const record = JSON.parse(metadata.paramscope!) as { step: number; digests: Record<string, string> };
    expect(record.step).toBe(10);
    const digests = [...tensors].map(([name, { bytes }]) => [
      name,
      createHash('sha256').update(bytes).digest('hex'),
    ]);
    expect(Object.fromEntries(digests)).toEqual(record.digests);
  });

  it('writes equal files for one configuration, whatever else is different', async () => {
    await bench.train('a', { config: SMALL, steps: 30 });
    await bench.train('b', { config: SMALL, steps: 20 });
    expect(digestOf('a', 'step-000020.safetensors')).toBe(digestOf('b', 'step-000020.safetensors'));
    await bench.train('c', { config: { ...SMALL, seed: 8 }, steps: 20 });
    expect(digestOf('c', 'step-000020.safetensors')).not.toBe(digestOf('b', 'step-000020.safetensors'));
  });

  it('validates at the end of every epoch', async () => {
    const config = { ...SMALL, batchSize: 640, checkpoint: { everySteps: 0, everyEpochs: 1, keepLast: 9 } };
    const { events, snapshot } = await bench.train('a', { config: { ...config, epochs: 3 } });
    expect(snapshot.validation.map(({ step, epoch }) => [step, epoch])).toEqual([
      [5, 0],
      [10, 1],
      [15, 2],
    ]);
    expect(ofKind(events, 'checkpoint').map(({ step }) => step)).toEqual([5, 10, 15]);
  });

  it('ends early where no epoch is better any more, and stays ended', async () => {
    const config: RunConfigInput = {
      ...SMALL,
      batchSize: 640,
      epochs: 50,
      earlyStop: { patience: 2, minDelta: 100 },
      checkpoint: { everySteps: 0 },
    };
    const { snapshot } = await bench.train('a', { config });
    // the first epoch is the best, and two more are waited for
    expect(snapshot).toMatchObject({ state: 'finished', step: 15, totalSteps: 250 });
    expect(filesOf('a')).toContain('step-000015.safetensors');
    const again = await bench.train('a', { isResumed: true });
    expect(again.events).toEqual([{ event: 'done', step: 15, state: 'finished', problems: 0 }]);
    expect(again.snapshot).toMatchObject({ state: 'finished', step: 15 });
  });

  it('learns the teacher of the random data', async () => {
    const { snapshot } = await bench.train('a', { steps: 800 });
    expect(snapshot.validation.at(-1)!.accuracy).toBeGreaterThan(0.7);
    expect(snapshot.validation.at(-1)!.loss).toBeLessThan(snapshot.validation[0]!.loss);
  });

  it('goes on and tells when the loss is no number any more', async () => {
    const config = { ...SMALL, optimizer: { name: 'sgd' as const, learningRate: 1e30 } };
    const { events, snapshot } = await bench.train('a', { config, steps: 20 });
    expect(ofKind(events, 'problem').map(({ code }) => code)).toEqual(['not-finite']);
    expect(snapshot.state).toBe('finished');
    const lines = readFileSync(join(bench.folder, 'a', 'run.jsonl'), 'utf8')
      .trim()
      .split('\n');
    expect(lines.map((line) => (JSON.parse(line) as { loss?: unknown }).loss)).toContain('NaN');
  });

  it('refuses a folder that holds a run, and changes nothing in it', async () => {
    await bench.train('a', { config: SMALL, steps: 10 });
    const before = filesOf('a').map((file) => digestOf('a', file));
    await expect(bench.train('a', { config: SMALL, steps: 10 })).rejects.toSatisfy(
      (error) => codeOf(error) === 'invalid-params',
    );
    expect(filesOf('a').map((file) => digestOf('a', file))).toEqual(before);
  });

  it('leaves files that are not its own alone', async () => {
    await bench.train('a', { config: SMALL, steps: 10 });
    const foreign = [
      'step-000005.safetensors.bak',
      'notes.txt',
      'step-5.safetensors',
      '.paramscope-other-1.tmp',
    ];
    for (const name of foreign) writeFileSync(join(bench.folder, 'a', name), 'mine');
    await bench.train('a', { isResumed: true, steps: 60 });
    expect(filesOf('a')).toEqual(expect.arrayContaining(foreign));
  });
});

describe('stopping', () => {
  it('saves where it stands, and ends as cancelled', async () => {
    const controller = new AbortController();
    let last = 0;
    const training = bench.train('a', {
      config: SMALL,
      steps: 1_000_000,
      signal: controller.signal,
      onEvent: (event) => {
        if (event.event === 'step') last = event.step;
        if (event.event === 'checkpoint' && event.step >= 20) controller.abort();
      },
    });
    await expect(training).rejects.toSatisfy((error) => codeOf(error) === 'cancelled');
    const newest = filesOf('a').at(-1);
    expect(newest).toBe(`step-${String(last).padStart(6, '0')}.safetensors`);
    expect(filesOf('a').filter((name) => name.endsWith('.tmp'))).toEqual([]);
  });
});

describe('a resumed run', () => {
  for (const [what, config] of [
    ['with Adam', SMALL],
    [
      'with momentum, clipping and odd batches',
      { ...SMALL, optimizer: { name: 'nesterov' as const }, clipNorm: 1, batchSize: 7 },
    ],
    ['across epochs', { ...SMALL, batchSize: 640, loss: 'mse' as const }],
  ] as const) {
    it(`${what} writes what the uninterrupted one writes, bit for bit`, async () => {
      await bench.train('whole', { config, steps: 30 });
      await bench.train('parts', { config, steps: 10 });
      const { events } = await bench.train('parts', { isResumed: true, steps: 30 });
      expect(events[0]).toEqual({ event: 'resumed', step: 10, file: 'step-000010.safetensors' });
      for (const file of ['step-000010.safetensors', 'step-000020.safetensors', 'step-000030.safetensors']) {
        expect(digestOf('parts', file), file).toBe(digestOf('whole', file));
      }
    });
  }

  it('does nothing where it is finished', async () => {
    await bench.train('a', { config: SMALL, steps: 10 });
    const before = filesOf('a').map((file) => digestOf('a', file));
    const { events, snapshot } = await bench.train('a', { isResumed: true });
    expect(events).toEqual([{ event: 'done', step: 10, state: 'finished', problems: 0 }]);
    expect(snapshot.state).toBe('finished');
    expect(filesOf('a').map((file) => digestOf('a', file))).toEqual(before);
  });

  it('starts from the beginning where there is no checkpoint, in a folder without a run too', async () => {
    const { events } = await bench.train('a', { config: SMALL, steps: 10, isResumed: true });
    expect(events[0]).toEqual({ event: 'resumed', step: 0 });
    expect(events.at(-1)).toMatchObject({ event: 'done', step: 10 });
  });

  it('refuses a configuration that differs, by the names of the fields', async () => {
    await bench.train('a', { config: SMALL, steps: 10 });
    const other = { ...SMALL, seed: 8, optimizer: { learningRate: 0.01 } };
    await expect(bench.train('a', { config: other, isResumed: true, steps: 20 })).rejects.toSatisfy(
      (error) =>
        isAppError(error) &&
        error.code === 'invalid-params' &&
        error.fields.found === 'optimizer.learningRate, seed',
    );
  });

  const damages: readonly (readonly [string, (bytes: Buffer) => Buffer])[] = [
    ['one flipped bit in a tensor', (bytes) => flip(bytes, bytes.byteLength - 100)],
    ['one flipped bit in the state', (bytes) => flip(bytes, bytes.indexOf('"epochRows') + 14)],
    [
      'one flipped bit in the padding of the header',
      (bytes) => flip(bytes, 8 + Number(bytes.readBigUInt64LE(0)) - 1),
    ],
    ['its end cut off', (bytes) => bytes.subarray(0, bytes.byteLength - 1)],
    ['nothing in it', () => Buffer.alloc(0)],
    ['zeros alone in it', (bytes) => Buffer.alloc(bytes.byteLength)],
  ];
  for (const [what, damage] of damages) {
    it(`falls back when the newest checkpoint has ${what}, names it and sets it aside`, async () => {
      await bench.train('whole', { config: SMALL, steps: 40 });
      await bench.train('a', { config: SMALL, steps: 30 });
      const path = join(bench.folder, 'a', 'step-000030.safetensors');
      const damaged = damage(readFileSync(path));
      writeFileSync(path, damaged);
      const { events } = await bench.train('a', { isResumed: true, steps: 40 });
      expect(events[0]).toMatchObject({
        event: 'problem',
        step: 30,
        code: 'checkpoint-damaged',
        file: 'step-000030.safetensors',
        hint: 'it is kept as step-000030.safetensors.damaged',
      });
      expect(events[1]).toEqual({ event: 'resumed', step: 20, file: 'step-000020.safetensors' });
      expect(readFileSync(`${path}.damaged`)).toEqual(damaged);
      for (const file of ['step-000030.safetensors', 'step-000040.safetensors']) {
        expect(digestOf('a', file)).toBe(digestOf('whole', file));
      }
    });
  }

  it('starts from the beginning when all are damaged, and loses none', async () => {
    await bench.train('a', { config: SMALL, steps: 20 });
    for (const step of ['10', '20'])
      writeFileSync(join(bench.folder, 'a', `step-0000${step}.safetensors`), 'x');
    const { events } = await bench.train('a', { isResumed: true, steps: 20 });
    expect(ofKind(events, 'resumed')).toEqual([{ event: 'resumed', step: 0 }]);
    expect(filesOf('a').filter((name) => name.endsWith('.damaged'))).toHaveLength(2);
    expect(events.at(-1)).toMatchObject({ event: 'done', step: 20, problems: 0 });
  });

  it('cleans up what its own killed writer left, and nothing else', async () => {
    await bench.train('a', { config: SMALL, steps: 10 });
    const { id } = JSON.parse(readFileSync(join(bench.folder, 'a', 'run.json'), 'utf8')) as { id: string };
    writeFileSync(join(bench.folder, 'a', `.paramscope-${id}-0123.tmp`), 'half');
    writeFileSync(join(bench.folder, 'a', '.paramscope-ffff-0123.tmp'), 'somebody else’s');
    await bench.train('a', { isResumed: true, steps: 20 });
    expect(filesOf('a').filter((name) => name.endsWith('.tmp'))).toEqual(['.paramscope-ffff-0123.tmp']);
  });

  it('is not kept from going on by half a line in its log', async () => {
    await bench.train('a', { config: SMALL, steps: 10 });
    const log = join(bench.folder, 'a', 'run.jsonl');
    writeFileSync(log, readFileSync(log, 'utf8').slice(0, -20));
    await bench.train('a', { isResumed: true, steps: 20 });
    const lines = readFileSync(log, 'utf8').trim().split('\n');
    const broken = lines.filter((line) => !line.endsWith('}'));
    expect(broken).toHaveLength(1);
  });
});

function flip(bytes: Buffer, offset: number): Buffer {
  const copy = Buffer.from(bytes);
  copy[offset]! ^= 1;
  return copy;
}
