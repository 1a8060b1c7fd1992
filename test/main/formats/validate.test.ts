/** Every rule that what a format returns is held to: a tensor that breaks just one keeps its row without values, and says so. */
import { describe, expect, it } from 'vitest';

import { memorySource } from '#main/bytes/memory-source.ts';
import type { Checkpoint, StoredTensor } from '#main/formats/contract.ts';
import { validate } from '#main/formats/validate.ts';

const DENSE = { kind: 'dense', source: 0, offset: 0, byteLength: 24, byteOrder: 'little' } as const;
/** Six numbers in the 24 bytes that there are. */
const SOUND: StoredTensor = { name: 'a', dtype: 'f32', shape: [2, 3], storage: DENSE };

function checkpointOf(...tensors: readonly StoredTensor[]): Checkpoint {
  return {
    format: 'safetensors',
    dialect: 'made by hand',
    layout: 'dict',
    tensors,
    metadata: {},
    sources: [memorySource(new Uint8Array(24), 'f')],
    regions: [],
    imports: [],
    problems: [],
  };
}

it('a sound tensor is left alone', () => {
  const checkpoint = checkpointOf(SOUND);
  expect(validate(checkpoint)).toEqual(checkpoint);
});

describe('a tensor that breaks a rule has no values, and the rule is told', () => {
  it.each<[rule: string, broken: Partial<StoredTensor>, code: string, message: string]>([
    ['its dtype is known', { dtype: 'f33' }, 'unknown-dtype', 'no dtype is called f33'],
    [
      'it has at most 64 dimensions',
      { shape: Array<number>(65).fill(1) },
      'rank',
      'the tensor has 65 dimensions, more than 64',
    ],
    [
      'its dimensions are whole numbers',
      { shape: [2, 1.5] },
      'shape',
      'the shape [2, 1.5] is not one a tensor can have',
    ],
    [
      'its elements can be counted',
      { shape: [2 ** 40, 2 ** 40] },
      'shape',
      'the shape [1099511627776, 1099511627776] is not one a tensor can have',
    ],
    [
      'its rows are whole blocks',
      { dtype: 'q4_0', shape: [1, 33] },
      'block-row',
      'the rows are no whole number of blocks of 32',
    ],
    [
      'its file is there',
      { storage: { ...DENSE, source: 1 } },
      'storage',
      'the tensor points at a file that is not there',
    ],
    [
      'its storage is inside the file',
      { storage: { ...DENSE, offset: 4 } },
      'storage-range',
      'the values should be at bytes 4 to 28 of a file of 24',
    ],
    [
      'its elements are inside the storage',
      { shape: [7] },
      'storage-range',
      'the last element ends at byte 28 of a storage of 24',
    ],
    [
      'it has a stride an axis',
      { storage: { ...DENSE, strides: [1] } },
      'strides',
      '1 strides for 2 dimensions',
    ],
    [
      'its strides stay inside the storage',
      { storage: { ...DENSE, strides: [4, 1] } },
      'storage-range',
      'the last element ends at byte 28 of a storage of 24',
    ],
    [
      'values that are held fill its shape',
      { storage: { kind: 'inline', bytes: new Uint8Array(20) } },
      'length',
      'the values take 20 bytes, the shape wants 24',
    ],
    [
      'texts fill its shape',
      { dtype: 'str', storage: { kind: 'strings', values: ['one'] } },
      'length',
      'the file holds 1 texts, the shape wants 6',
    ],
  ])('%s', (_rule, broken, code, message) => {
    const { tensors, problems } = validate(checkpointOf({ ...SOUND, ...broken }, { ...SOUND, name: 'b' }));
    expect(problems).toEqual([{ code, message, tensor: 'a' }]);
    expect(tensors.map(({ storage }) => storage.kind)).toEqual(['none', 'dense']);
  });
});

it('names are distinct: a second one has a number', () => {
  const { tensors, problems } = validate(checkpointOf(SOUND, SOUND, { ...SOUND, name: 'a#2' }, SOUND));
  expect(new Set(tensors.map(({ name }) => name)).size).toBe(4);
  expect(problems[0]).toEqual({
    code: 'duplicate-name',
    message: 'a second tensor is called a',
    tensor: 'a#2',
  });
});
