import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { afterAll, describe, expect, it } from 'vitest';

import { readRunData } from '#main/services/runs/data/run-data.ts';
import { parseRunConfig, type RunConfigInput } from '#shared/commands/run-config.ts';
import { isAppError } from '#shared/errors.ts';
import { npyBytes, storedZip } from '#test/kit/npy-bytes.ts';

const folder = mkdtempSync(join(tmpdir(), 'paramscope-data-'));
afterAll(() => rmSync(folder, { recursive: true }));

function write(name: string, bytes: Uint8Array | string): string {
  const path = join(folder, name);
  writeFileSync(path, bytes);
  return path;
}

async function read(source: string, config: RunConfigInput = {}) {
  const parsed = parseRunConfig({ layers: [2, 3], ...config, data: { source } }, 'x');
  const data = await readRunData(parsed, folder, (path) => path);
  const plain = (examples: NonNullable<typeof data>['train'] | undefined) =>
    examples && { ...examples, inputs: Array.from(examples.inputs), targets: Array.from(examples.targets) };
  return { train: plain(data!.train)!, unseen: plain(data!.unseen), sha256: data!.sha256 };
}

const codeOf = (error: unknown) => (isAppError(error) ? error.code : error);

describe('a table as text', () => {
  const text = 'a,b,class\n1,2,0\n3,4,1\n5,6,2\n';
  const rows = { count: 3, width: 2, inputs: [1, 2, 3, 4, 5, 6], targetWidth: 1, targets: [0, 1, 2] };

  it('has the class in its last column', async () => {
    expect((await read(write('a.csv', text))).train).toEqual({ ...rows, name: 'a.csv' });
  });

  it('may be packed, and is the same data then', async () => {
    const packed = await read(write('a.csv.gz', gzipSync(text)));
    expect(packed.train).toEqual({ ...rows, name: 'a.csv.gz' });
    expect(packed.sha256).toBe((await read(write('a.csv', text))).sha256);
    expect((await read(write('b.csv', text.replace('6', '7')))).sha256).not.toBe(packed.sha256);
  });

  it('has as many values to come out as there are outputs, for regression', async () => {
    const config: RunConfigInput = { layers: [1, 2], loss: 'mse' };
    expect((await read(write('a.csv', text), config)).train).toMatchObject({
      width: 1,
      targetWidth: 2,
      targets: [2, 0, 4, 1, 6, 2],
    });
    await expect(read(write('a.csv', text), { layers: [1, 3], loss: 'mse' })).rejects.toSatisfy(
      (error) => codeOf(error) === 'invalid-params',
    );
  });

  it('is refused where it is damaged or empty', async () => {
    const check = (name: string, bytes: Uint8Array | string, code: string) =>
      expect(read(write(name, bytes)), name).rejects.toSatisfy((error) => codeOf(error) === code);
    await check('ragged.csv', '1,2,0\n1,2\n', 'corrupt');
    await check('empty.csv', '', 'corrupt');
    await check('heading.csv', 'x,y,z\n', 'corrupt');
    const packed = gzipSync(text);
    packed[14] = packed[14]! ^ 0xff;
    await check('broken.csv.gz', packed, 'corrupt');
    await check('short.csv.gz', gzipSync(text).subarray(0, 30), 'corrupt');
  });
});

describe('NumPy arrays', () => {
  const x = npyBytes('<f8', [3, 2], new Float64Array([1, 2, 3, 4, 5, 6]));
  const y = npyBytes('<i8', [3], new BigInt64Array([0n, 1n, 2n]));

  it('in an archive are found by their usual names, unseen ones too', async () => {
    const archive = storedZip({ 'X_train.npy': x, 'y_train.npy': y, 'X_test.npy': x, 'y_test.npy': y });
    const { train, unseen } = await read(write('a.npz', archive));
    const expected = { count: 3, width: 2, inputs: [1, 2, 3, 4, 5, 6], targetWidth: 1, targets: [0, 1, 2] };
    expect([train, unseen]).toEqual([
      { name: 'a.npz', ...expected },
      { name: 'a.npz', ...expected },
    ]);
  });

  it('of bytes stay pictures, whatever their shape', async () => {
    const pictures = npyBytes('|u1', [3, 1, 2], new Uint8Array([0, 255, 1, 2, 3, 4]));
    const { train } = await read(write('p.npz', storedZip({ 'x.npy': pictures, 'y.npy': y })));
    expect([train.width, train.inputs]).toEqual([2, [0, 255, 1, 2, 3, 4]]);
  });

  it('may be a matrix with the class in its last column', async () => {
    const matrix = npyBytes('<f4', [2, 3], new Float32Array([1, 2, 0, 3, 4, 1]));
    expect((await read(write('m.npy', matrix))).train).toMatchObject({
      count: 2,
      inputs: [1, 2, 3, 4],
      targets: [0, 1],
    });
  });

  it('may have their labels in a file beside them', async () => {
    write('some-labels.npy', y);
    expect((await read(write('some-images.npy', x))).train).toMatchObject({ count: 3, targets: [0, 1, 2] });
  });

  it('that do not fit each other, or say nothing, are refused', async () => {
    const check = (name: string, bytes: Uint8Array, code: string) =>
      expect(read(write(name, bytes)), name).rejects.toSatisfy((error) => codeOf(error) === code);
    const short = npyBytes('<i8', [2], new BigInt64Array([0n, 1n]));
    await check('short.npz', storedZip({ 'x.npy': x, 'y.npy': short }), 'corrupt');
    await check('names.npz', storedZip({ 'a.npy': x, 'b.npy': y }), 'invalid-params');
    await check(
      'complex.npz',
      storedZip({ 'x.npy': npyBytes('<c8', [1, 1], new Float32Array(2)), 'y.npy': y }),
      'unsupported',
    );
    await check('vector.npy', y, 'invalid-params');
    await check('text.npy', new TextEncoder().encode('not an array at all'), 'unknown-format');
  });
});

describe('other files', () => {
  it('are refused with what would do', async () => {
    await expect(read(write('a.bin', 'x'))).rejects.toSatisfy((error) => codeOf(error) === 'unsupported');
    await expect(read(join(folder, 'none.csv'))).rejects.toSatisfy((error) => codeOf(error) === 'not-found');
  });
});
