import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

import { describe, expect, it } from 'vitest';

import { memorySource } from '#main/bytes/memory-source.ts';
import type { Checkpoint } from '#main/formats/contract.ts';
import { openCheckpoint } from '#main/formats/detect.ts';
import { fileInput } from '#main/formats/input.ts';
import { memoryFolder } from '#test/kit/memory-folder.ts';
import { rowsOf } from '#test/kit/rows.ts';

const FIXTURES = fileURLToPath(new URL('../../fixtures/dcp/', import.meta.url));
interface LonePart {
  readonly count: number;
  readonly tensors: Readonly<Record<string, unknown>>;
  readonly values: Readonly<Record<string, unknown>>;
}
const EXPECTED = JSON.parse(readFileSync(`${FIXTURES}lone-parts.json`, 'utf8')) as Readonly<
  Record<string, LonePart>
>;
const partBytes = (name: string): Uint8Array => Uint8Array.from(readFileSync(`${FIXTURES}two-ranks/${name}`));

async function open(name: string, bytes: Uint8Array, beside: string[] = []): Promise<Checkpoint> {
  const files = new Map([[name, bytes], ...beside.map((one) => [one, new Uint8Array(1)] as const)]);
  return openCheckpoint(await fileInput(memorySource(bytes, name), memoryFolder('run', files)));
}

describe('a file of a distributed checkpoint without its metadata', () => {
  it.each(Object.entries(EXPECTED))(
    '%s: every value by its number, as torch.load reads each',
    async (name, expected) => {
      const checkpoint = await open(name, partBytes(name));
      expect(await rowsOf(checkpoint)).toEqual(expected.tensors);
      expect(checkpoint.metadata).toEqual(expected.values);
      expect(checkpoint.dialect).toBe(
        `one file of a PyTorch distributed checkpoint (DCP), ${expected.count} values without names, written by torch 2.7 or newer`,
      );
      expect(checkpoint.problems).toEqual([
        {
          code: 'missing-metadata',
          message:
            'this is one file of a distributed checkpoint whose .metadata is not beside it: without it neither the names of the values are known, nor where each lies in its tensor',
        },
      ]);
      expect(checkpoint.regions).toHaveLength(expected.count);
      expect(checkpoint.regions.at(-1)!.end).toBe(partBytes(name).byteLength);
    },
  );

  it('opens so under any name, and beside metadata that are none', async () => {
    const bytes = partBytes('__1_0.distcp');
    expect(await rowsOf(await open('renamed', bytes))).toEqual(EXPECTED['__1_0.distcp']!.tensors);
    const checkpoint = await open('__1_0.distcp', bytes, ['.metadata']);
    expect(await rowsOf(checkpoint)).toEqual(EXPECTED['__1_0.distcp']!.tensors);
  });

  it('with one value alone it is told by its extension', async () => {
    const last = partBytes('__0_0.distcp').slice(4795);
    const { problems, tensors } = await open('__0_0.distcp', last);
    expect(tensors.map(({ name, shape }) => [name, shape])).toEqual([['0', [1, 2]]]);
    expect(problems.map(({ code }) => code)).toEqual(['missing-metadata']);
    const plain = await open('renamed', last);
    expect(plain.tensors.map(({ name }) => name)).toEqual(['value']);
    expect(plain.problems).toEqual([]);
  });

  it('what lies before a damaged archive is said to be unread', async () => {
    const bytes = partBytes('__0_0.distcp');
    // the signature of the end record of the first archive
    bytes[1619] = 0;
    const checkpoint = await open('__0_0.distcp', bytes);
    expect(checkpoint.problems[1]).toEqual({
      code: 'corrupt',
      message: 'the first 1641 bytes are no archive that can be read; what they hold is not listed',
      offset: 0,
    });
    const { 1: second, 2: third, 3: fourth } = EXPECTED['__0_0.distcp']!.tensors;
    expect(await rowsOf(checkpoint)).toEqual({ 0: second, 1: third, 2: fourth });
  });
});
