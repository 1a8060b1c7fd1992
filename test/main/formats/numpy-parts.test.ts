/** Arrays of parts, of which one is not what the others need: each is told by its own words. */
import { expect, it } from 'vitest';

import { memorySource } from '#main/bytes/memory-source.ts';
import type { Checkpoint } from '#main/formats/contract.ts';
import { openCheckpoint } from '#main/formats/detect.ts';
import { fileInput } from '#main/formats/input.ts';
import { AppError } from '#shared/errors.ts';
import { oddZip } from '#test/kit/odd-zip.ts';

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

function npy(descr: string, shape: string, values: Buffer): Buffer {
  const header = `{'descr': '${descr}', 'fortran_order': False, 'shape': ${shape}, }\n`;
  const length = Buffer.alloc(2);
  length.writeUInt16LE(header.length);
  return Buffer.concat([Buffer.from('\x93NUMPY\x01\0', 'latin1'), length, Buffer.from(header), values]);
}

const i32 = (...values: readonly number[]): Buffer => Buffer.from(Int32Array.from(values).buffer);

it('a sparse matrix whose values are texts', async () => {
  const members = {
    indices: npy('<i4', '(1,)', i32(0)),
    indptr: npy('<i4', '(3,)', i32(0, 1, 1)),
    format: npy('|S3', '()', Buffer.from('csr')),
    shape: npy('<i4', '(2,)', i32(2, 2)),
    data: npy('|S1', '(1,)', Buffer.from('x')),
  };
  const file = oddZip(Object.entries(members).map(([name, data]) => ({ name: `${name}.npy`, data })));
  expect(await told(file)).toEqual(['data of a sparse matrix holds no numbers']);
});

/** A pickle of protocol 0, as NumPy writes it, of one record with the field `a`; its dtype knows this field. */
function pickledRecord(known: string): Uint8Array {
  const field = `cnumpy\ndtype\n(S'f4'\nI0\nI1\ntR(I3\nS'<'\nNNNI-1\nI-1\nI0\ntb`;
  const dtype = `cnumpy\ndtype\n(S'V4'\nI0\nI1\ntR(I3\nS'|'\nN(S'a'\nt(dS'${known}'\n(${field}I0\ntsI4\nI1\nI16\ntb`;
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
