/** Arrays of parts, of which one is not what the others need: each is told by its own words. */
import { expect, it } from 'vitest';

import { memorySource } from '#main/bytes/memory-source.ts';
import type { Checkpoint } from '#main/formats/contract.ts';
import { openCheckpoint } from '#main/formats/detect.ts';
import { fileInput } from '#main/formats/input.ts';
import { AppError } from '#shared/errors.ts';
import { npyBytes, storedZip } from '#test/kit/npy-bytes.ts';

const open = async (bytes: Uint8Array): Promise<Checkpoint> =>
  openCheckpoint(await fileInput(memorySource(bytes, 'f')));

/** What was told of the file, whether it was refused or opened with a problem. */
async function told(bytes: Uint8Array): Promise<readonly string[]> {
  try {
    return (await open(bytes)).problems.map(({ message }) => message);
  } catch (error) {
    if (!(error instanceof AppError)) throw error;
    return [error.message];
  }
}

const chars = (text: string): Uint8Array => Buffer.from(text, 'latin1');

it('a sparse matrix whose values are texts', async () => {
  const file = storedZip({
    'indices.npy': npyBytes('<i4', [1], Int32Array.of(0)),
    'indptr.npy': npyBytes('<i4', [3], Int32Array.of(0, 1, 1)),
    'format.npy': npyBytes('|S3', [], chars('csr')),
    'shape.npy': npyBytes('<i4', [2], Int32Array.of(2, 2)),
    'data.npy': npyBytes('|S1', [1], chars('x')),
  });
  expect(await told(file)).toEqual(['data of a sparse matrix holds no numbers']);
});

/** A pickle of protocol 0, as NumPy writes it, of one record with the field `a`; its dtype knows this field, at so many bytes. */
function pickledRecord(known: string, offset = 0, named = 4, stated = 4): Uint8Array {
  const field = `cnumpy\ndtype\n(S'f4'\nI0\nI1\ntR(I3\nS'<'\nNNNI-1\nI-1\nI0\ntb`;
  const dtype = `cnumpy\ndtype\n(S'V${named}'\nI0\nI1\ntR(I3\nS'|'\nN(S'a'\nt(dS'${known}'\n(${field}I${offset}\ntsI${stated}\nI1\nI16\ntb`;
  const array = "cnumpy.core.multiarray\n_reconstruct\n(cnumpy\nndarray\n(I0\ntS'b'\ntR";
  return Uint8Array.from(Buffer.from(`${array}(I1\n(I1\nt${dtype}I00\nS'abcd'\ntb.`, 'latin1'));
}

it('a pickled record that places its field, and one that does not', async () => {
  const { tensors } = await open(pickledRecord('a'));
  expect(tensors.map(({ dtype, shape }) => [dtype, shape])).toEqual([['f32', [1]]]);
  expect(await told(pickledRecord('b'))).toEqual([
    'the record of a pickled array does not tell where its field a is',
  ]);
});

it('a pickled record whose field is not inside it', async () => {
  expect(await told(pickledRecord('a', 1))).toEqual([
    'the field a of a pickled array ends beyond its record',
  ]);
  expect(await told(pickledRecord('a', -1))).toEqual([
    'the record of a pickled array does not tell where its field a is',
  ]);
});

it('a pickled record is as long as its state says, whatever its name says', async () => {
  const { tensors } = await open(pickledRecord('a', 0, 30));
  expect(tensors.map(({ dtype, shape }) => [dtype, shape])).toEqual([['f32', [1]]]);
  expect(await told(pickledRecord('a', 0, 4, 30))).toEqual([
    'the array is longer than the data behind its header',
  ]);
});
