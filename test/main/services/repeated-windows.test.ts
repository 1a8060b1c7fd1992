import { describe, expect, it } from 'vitest';

import { tensorReader } from '#main/formats/read.ts';
import { analysisKernels, memoryRegion } from '#main/kernels/analysis-module.ts';
import { repeatedWindows } from '#main/services/repeated-windows.ts';
import { countingSource } from '#test/kit/counting-source.ts';
import { formulaSource } from '#test/kit/formula-source.ts';

const MIB = 2 ** 20;

function readerOf(byteLength: number, isDirect = true) {
  const source = countingSource(formulaSource(byteLength, { isDirect }));
  const storage = { kind: 'dense', source: 0, offset: 0, byteLength, byteOrder: 'little' } as const;
  const tensor = { name: 'values', dtype: 'f32', shape: [byteLength / 4], storage };
  return { reader: tensorReader(tensor, [source]), source };
}

async function allOf({ windows }: ReturnType<typeof repeatedWindows>): Promise<Buffer> {
  const parts: Buffer[] = [];
  for await (const { bytes } of windows({})) parts.push(Buffer.from(bytes));
  return Buffer.concat(parts);
}

describe('windows of a tensor that is read twice', () => {
  for (const [byteLength, isDirect, times] of [
    [3 * MIB + 20, true, 1],
    [5 * MIB, true, 2],
    [3 * MIB, false, 2],
  ] as const) {
    it(`of ${byteLength} bytes, ${isDirect ? '' : 'not '}read in place, are read ${times} times`, async () => {
      const { reader, source } = readerOf(byteLength, isDirect);
      const repeated = repeatedWindows(reader);
      const first = await allOf(repeated);
      // views of the memory from before are empty afterwards
      memoryRegion().reserve(analysisKernels().memory.buffer.byteLength);
      expect(Buffer.compare(await allOf(repeated), first)).toBe(0);
      expect(source.byteCount()).toBe(times * byteLength);
      expect(Buffer.compare(first, Buffer.from(await source.read(0, byteLength)))).toBe(0);
      repeated.release();
    });
  }
});
