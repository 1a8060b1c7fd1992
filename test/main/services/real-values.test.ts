import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { afterAll, describe, expect, it } from 'vitest';

import { fileSource } from '#main/bytes/file-source.ts';
import { memorySource } from '#main/bytes/memory-source.ts';
import { ggufBytes } from '#test/kit/gguf-bytes.ts';
import type { Checkpoint, StoredTensor } from '#main/formats/contract.ts';
import { openCheckpoint } from '#main/formats/detect.ts';
import { fileInput } from '#main/formats/input.ts';
import { decode } from '#main/kernels/decode.ts';
import { slicedTensor } from '#main/services/sliced-tensor.ts';
import { summaryTask } from '#main/services/tasks/summary.ts';
import { planOf, viewPlan, withReader, withStoredReader } from '#main/services/tensor-plan.ts';
import { parseSlice } from '#shared/slice.ts';
import {
  hasOracles,
  hasSamples,
  ORACLES,
  readOracles,
  SAMPLES,
  type OracleTensor,
} from '#test/kit/shared-files.ts';

const open: Checkpoint[] = [];

async function openFile(path: string): Promise<Checkpoint> {
  const checkpoint = await openCheckpoint(await fileInput(await fileSource(path)));
  open.push(checkpoint);
  return checkpoint;
}

afterAll(async () => {
  for (const { sources } of open) for (const source of sources) await source.close();
});

async function readReal(tensor: StoredTensor, { sources }: Checkpoint, slice = ''): Promise<Float32Array> {
  const plan = viewPlan(planOf(tensor, sources), (whole) =>
    slicedTensor(whole, parseSlice(slice, whole.shape)),
  );
  return withReader(plan, async (reader) => {
    const bytes = await reader.read(0, reader.elementCount);
    return new Float32Array(bytes.buffer, bytes.byteOffset, reader.elementCount);
  });
}

const bitsOf = (numbers: Float32Array): number[] => [
  ...new Uint32Array(numbers.buffer, numbers.byteOffset, numbers.length),
];

describe.skipIf(!hasSamples)(
  'blocks that ggml quantised stand for the floats that ggml gives, bit for bit',
  () => {
    const folder = `${SAMPLES}gguf-quantised/`;
    const names = hasSamples ? readFileSync(`${folder}ref.txt`, 'utf8').trim().split('\n') : [];

    it('has all 28 types', () => expect(names).toHaveLength(28));

    it.each(names)('%s', async (name) => {
      const checkpoint = await openFile(`${folder}allquants.gguf`);
      const counts = checkpoint.tensors.map(({ shape }) =>
        shape.reduce((product, size) => product * size, 1),
      );
      const index = checkpoint.tensors.findIndex((tensor) => tensor.name === name);
      const before = counts.slice(0, index).reduce((sum, count) => sum + count, 0);
      const file = readFileSync(`${folder}ref.f32`);
      const reference = file.subarray(4 * before, 4 * (before + counts[index]!));
      const tensor = checkpoint.tensors[index]!;
      const stored = planOf(tensor, checkpoint.sources);
      const found = await withReader(stored, async (reader) => ({
        dtype: stored.tensor.dtype,
        bytes: await reader.read(0, reader.elementCount),
      }));
      // f16 and bf16 are no blocks: their values are told in their own dtype
      const numbers = Float32Array.from(decode(found.dtype, found.bytes));
      expect(Buffer.compare(Buffer.from(numbers.buffer), reference)).toBe(0);
    });
  },
);

describe.skipIf(!hasOracles)('blocks stand for the numbers that the gguf package gives', () => {
  const cases = (hasOracles ? Object.entries(readOracles().files) : [])
    .filter(([, { format }]) => format === 'gguf')
    .flatMap(([path, { tensors }]) =>
      Object.entries(tensors as Record<string, OracleTensor & { dequant?: OracleTensor }>)
        .filter(([, { dequant }]) => dequant)
        .map(([name, { dequant, sha256 }]) => ({ path, name, dequant: dequant!, sha256 })),
    );

  it('has cases', () => expect(cases.length).toBeGreaterThan(20));

  it.each(cases)('$path $name', async ({ path, name, dequant, sha256 }) => {
    const checkpoint = await openFile(`${ORACLES}${path}`);
    const tensor = checkpoint.tensors.find((one) => one.name === name)!;
    const real = await readReal(tensor, checkpoint);
    const digest = createHash('sha256').update(new Uint8Array(real.buffer, real.byteOffset, real.byteLength));
    expect(digest.digest('hex')).toBe(dequant.sha256);

    const plan = planOf(tensor, checkpoint.sources);
    const answer = await summaryTask({ plan, quantiles: [0.5], isDigestWanted: true }, {});
    expect(answer.sha256).toBe(sha256);
    const { count, min, max, mean } = answer.summary!;
    expect({ count, min, max }).toEqual({ count: real.length, min: dequant.min, max: dequant.max });
    const largest = Math.max(Math.abs(Number(dequant.min)), Math.abs(Number(dequant.max)));
    expect(Math.abs(Number(mean) - Number(dequant.mean))).toBeLessThanOrEqual(1e-12 * largest);

    const columns = tensor.shape[1]!;
    const slice = await readReal(tensor, checkpoint, '::-1,5:-3:7');
    const picked = [1, 0].flatMap((row) =>
      bitsOf(real.slice(row * columns, (row + 1) * columns)).filter(
        (_bits, at) => at >= 5 && at < columns - 3 && (at - 5) % 7 === 0,
      ),
    );
    expect(bitsOf(slice)).toEqual(picked);
  });
});

describe('blocks of a big-endian file', () => {
  // the fields that llama.cpp's gguf_convert_endian.py swaps
  const rows: readonly (readonly [string, type: number, byteLength: number, halves: readonly number[]])[] = [
    ['q4_0', 2, 18, [0]],
    ['q8_0', 8, 34, [0]],
    ['q4_k', 12, 144, [0, 2]],
    ['q6_k', 14, 210, [208]],
    ['mxfp4', 39, 17, []],
  ];
  it.each(rows)('%s are told as a little-endian file has them', async (dtype, type, byteLength, halves) => {
    const blocks = Uint8Array.from({ length: 2 * byteLength }, (_, i) => (i * 37) & 255);
    const swapped = blocks.slice();
    for (const block of [0, byteLength]) {
      for (const at of halves) swapped.subarray(block + at, block + at + 2).reverse();
    }
    const elements = dtype === 'q4_k' || dtype === 'q6_k' ? 512 : 64;
    const tensors = [{ name: 'w', dims: [elements], type, offset: 0 }];
    const data = new Uint8Array(Math.ceil(swapped.byteLength / 32) * 32);
    data.set(swapped);
    const input = await fileInput(memorySource(ggufBytes({ bigEndian: true, tensors, data })));
    const checkpoint = await openCheckpoint(input);
    const plan = planOf(checkpoint.tensors[0]!, checkpoint.sources);
    expect(await withStoredReader(plan, (reader) => reader.read(0, 2))).toEqual(blocks);
  });
});
