import { readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { deflateSync, gunzipSync, gzipSync } from 'node:zlib';

import { describe, expect, it } from 'vitest';

import { memorySource } from '#main/bytes/memory-source.ts';
import type { Checkpoint } from '#main/formats/contract.ts';
import { openCheckpoint } from '#main/formats/detect.ts';
import { fileInput } from '#main/formats/input.ts';
import { FORMATS } from '#main/formats/registry.ts';
import type { OpenCheckpoint } from '#main/services/checkpoints.ts';
import { createCompute } from '#main/services/compute.ts';
import { verifyCheckpoint } from '#main/services/integrity.ts';
import type { VerifiedCheckpoint } from '#shared/commands/checkpoint.ts';
import type { Integrity } from '#shared/checkpoint.ts';
import { withWrongChecksum } from '#test/kit/bzip2-damage.ts';
import { countingSource } from '#test/kit/counting-source.ts';
import { rejection } from '#test/kit/rejection.ts';
import { rowsOf } from '#test/kit/rows.ts';

const FIXTURES = fileURLToPath(new URL('../../fixtures/pickled/', import.meta.url));

type Row = { readonly dtype: string; readonly shape: readonly number[]; readonly sha256: string };
type Expected = Readonly<Record<string, Readonly<Record<string, Row>>>>;
const EXPECTED = JSON.parse(readFileSync(`${FIXTURES}expected.json`, 'utf8')) as Expected;

const read = (name: string): Uint8Array => Uint8Array.from(readFileSync(`${FIXTURES}${name}`));
const openBytes = async (bytes: Uint8Array): Promise<Checkpoint> =>
  openCheckpoint(await fileInput(memorySource(bytes, 'mlp.params')));
const latin1 = (text: string): Uint8Array => Uint8Array.from(Buffer.from(text, 'latin1'));

describe('files by pickle, joblib, scikit-learn, cloudpickle and PaddlePaddle have the arrays that these had', () => {
  it.each(Object.keys(EXPECTED))('%s', async (name) => {
    const checkpoint = await openBytes(read(name));
    expect(await rowsOf(checkpoint)).toEqual(EXPECTED[name]);
    expect(checkpoint.format).toBe('pickle');
    const codes = checkpoint.problems.map(({ code }) => code);
    expect(codes.filter((code) => code !== 'unknown-global')).toEqual([]);
  });

  it('they are claimed by this format alone, and what does not open is named', async () => {
    for (const name of readdirSync(FIXTURES).filter((file) => !file.endsWith('.json'))) {
      const input = await fileInput(memorySource(read(name), 'x'));
      const claimants: string[] = [];
      for (const format of FORMATS) if (await format.claims(input)) claimants.push(format.name);
      expect([name, claimants]).toEqual([name, name in EXPECTED ? ['pickle'] : []]);
    }
    expect(await rejection(openBytes(read('joblib-xz.joblib')))).toMatchObject({
      code: 'unknown-format',
      message: 'this is an xz-compressed file, not a checkpoint',
      hint: 'unpack it and open what is inside',
    });
  });

  it.each([
    ['protocol-2.pkl', 'Python pickle, protocol 2', 'dict'],
    ['lone.pkl', 'Python pickle, protocol 4', 'tensor'],
    ['in-a-row.pkl', 'Python pickle, protocol 4, 2 in a row', 'list'],
    ['joblib-zlib.joblib', 'joblib file, protocol 4, packed by zlib', 'dict'],
    ['packed.pkl.gz', 'Python pickle, protocol 2, packed by gzip', 'dict'],
    ['paddle.pdparams', 'PaddlePaddle state dict, protocol 4', 'dict'],
  ])('%s tells who wrote it', async (name, dialect, layout) => {
    const checkpoint = await openBytes(read(name));
    expect([checkpoint.dialect, checkpoint.layout]).toEqual([dialect, layout]);
  });

  it('what is no array is metadata, classes by their names', async () => {
    expect((await openBytes(read('protocol-3.pkl'))).metadata).toMatchObject({ rate: 0.5, step: 12 });
    const { metadata, imports } = await openBytes(read('sklearn.joblib'));
    expect(metadata).toMatchObject({
      __class__: 'sklearn.pipeline.Pipeline',
      steps: [
        ['standardscaler', { with_mean: true }],
        ['logisticregression', { C: 1, max_iter: 100 }],
      ],
    });
    expect(imports.map(({ name }) => name)).toContain('LogisticRegression');
  });

  it('sparse matrices are one row with their parts, and no class of theirs is unknown', async () => {
    const { tensors, problems } = await openBytes(read('sparse-4.pkl'));
    expect(problems).toEqual([]);
    expect(tensors.map(({ name, sparse }) => [name, sparse])).toEqual([
      ['csr', { layout: 'csr', parts: ['data', 'indptr', 'indices'] }],
      ['csc', { layout: 'csc', parts: ['data', 'indptr', 'indices'] }],
      ['coo', { layout: 'coo', parts: ['data', 'coords'] }],
      ['twice', { layout: 'coo', parts: ['data', 'coords'] }],
      ['bsr', { layout: 'bsr', parts: ['data', 'indptr', 'indices'] }],
      ['dia', { layout: 'dia', parts: ['data', 'offsets'] }],
      ['w', undefined],
    ]);
  });

  it('a sparse matrix whose parts do not fit does not hide the others', async () => {
    const bytes = read('sparse-4.pkl');
    // the name of an attribute of csr's, which stands first
    const at = Buffer.from(bytes).indexOf('indptr');
    bytes.set(Buffer.from('indpte'), at);
    const { tensors, problems } = await openBytes(bytes);
    expect(tensors.map(({ name }) => name)).not.toContain('csr');
    expect(tensors.map(({ name }) => name)).toContain('w');
    expect(problems[0]).toMatchObject({
      code: 'corrupt',
      message: 'an array of the sparse matrix is missing',
      tensor: 'csr',
    });
  });

  it('a function by value stays an inert call', async () => {
    const { metadata, problems } = await openBytes(read('cloudpickle.pkl'));
    expect(JSON.stringify(metadata['f'])).toContain('cloudpickle.cloudpickle._make_function');
    expect(problems.map(({ message }) => message)).toContain(
      'cloudpickle.cloudpickle._make_function is unknown here and stands as plain data',
    );
  });
});

it('opening leaves the arrays unread', async () => {
  const big = Buffer.alloc(32 * 2 ** 20);
  const shape = Buffer.alloc(4);
  shape.writeInt32LE(big.byteLength);
  const pickle = Buffer.concat([
    Buffer.from('\x80\x04cnumpy.core.numeric\n_frombuffer\n(\x8e', 'latin1'),
    Buffer.from(BigUint64Array.of(BigInt(big.byteLength)).buffer),
    big,
    Buffer.from('cnumpy\ndtype\nX\x02\x00\x00\x00u1\x85RJ', 'latin1'),
    shape,
    Buffer.from('\x85X\x01\x00\x00\x00CtR.', 'latin1'),
  ]);
  const source = countingSource(memorySource(Uint8Array.from(pickle), 'x'));
  const checkpoint = await openCheckpoint(await fileInput(source));
  expect(checkpoint.tensors.map(({ dtype, shape: of }) => [dtype, of])).toEqual([['u8', [big.byteLength]]]);
  expect(source.byteCount()).toBeLessThan(600_000);
});

describe('packed pickles are held to the checksum of their packing', () => {
  const verified = async (bytes: Uint8Array): Promise<VerifiedCheckpoint> => {
    const checkpoint = await openBytes(bytes);
    const context = { signal: new AbortController().signal, progress: () => {} };
    return verifyCheckpoint({ checkpoint } as OpenCheckpoint, createCompute(undefined), context);
  };
  const verify = async (bytes: Uint8Array): Promise<string> => (await verified(bytes)).verdict;
  const plain = gunzipSync(read('packed.pkl.gz'));

  it.each<[string, (bytes: Buffer) => Uint8Array, number]>([
    ['gzip', (bytes) => gzipSync(bytes), 8],
    ['zlib', (bytes) => deflateSync(bytes), 4],
  ])('%s', async (_, pack, trailer) => {
    const packed = Uint8Array.from(pack(plain));
    expect(await verify(packed)).toBe('verified');
    const wrong = packed.slice();
    wrong[wrong.byteLength - trailer]! ^= 1;
    expect(await verify(wrong)).toBe('failed');
  });

  const statesOf = async (bytes: Uint8Array): Promise<Record<string, Integrity>> =>
    Object.fromEntries((await verified(bytes)).tensors.map(({ name, state }) => [name, state]));

  it('of a gzip file of several parts, each has its own', async () => {
    const members = read('members.pkl.gz');
    expect(await verify(members)).toBe('verified');
    // of the part that begins within the first array and is one byte long: a header, a stream of three bytes, its checksum
    const second = Buffer.from(members).indexOf(Uint8Array.of(0x1f, 0x8b, 8), 1);
    const wrong = members.slice();
    wrong[second + 10 + 3]! ^= 1;
    const rest = { 'deep.list.0': 'verified', 'deep.list.1': 'verified', empty: 'verified' };
    expect(await statesOf(wrong)).toEqual({ w: 'failed', ...rest });
  });

  it('of a bzip2 file, each block has its own', async () => {
    const blocks = read('blocks.pkl.bz2');
    expect(await verify(blocks)).toBe('verified');
    expect(await verify(read('packed.pkl.bz2'))).toBe('verified');
    expect(await statesOf(withWrongChecksum(blocks))).toEqual({
      a: 'verified',
      b: 'failed',
      c: 'verified',
    });
  });

  it.each<[string, Uint8Array, string]>([
    ['zlib', deflateSync(plain), 'bytes follow the end of the zlib file that are no part of it'],
    ['gzip', gzipSync(plain), 'bytes follow the end of the gzip file that are no part of it'],
  ])('what follows a %s file and is no part of it is told', async (_, packed, message) => {
    const longer = Uint8Array.from([...packed, 1, 2, 3]);
    expect(await rejection(openBytes(longer))).toMatchObject({ code: 'corrupt', message, found: '3 bytes' });
  });

  it('a gzip file whose length is wrong is refused', async () => {
    const wrong = Uint8Array.from(gzipSync(plain));
    wrong[wrong.byteLength - 4]! ^= 1;
    expect(await rejection(openBytes(wrong))).toMatchObject({
      code: 'corrupt',
      message: 'the gzip file does not unpack to the length that it promises',
    });
  });

  it('a packed pickle that unpacks to more than its length allows is refused', async () => {
    const bomb = gzipSync(
      Buffer.concat([Buffer.from('\x80\x04]q\x00', 'latin1'), Buffer.alloc(300 * 2 ** 20, 'K')]),
    );
    expect(await rejection(openBytes(Uint8Array.from(bomb)))).toMatchObject({
      code: 'limit',
      message: 'the compressed data unpack to more than we pass over',
    });
  });
});

describe('what is wrong is told', () => {
  it('a pickle that is cut short', async () => {
    const bytes = read('protocol-4.pkl');
    expect(await rejection(openBytes(bytes.subarray(0, 400)))).toMatchObject({
      code: 'corrupt',
      format: 'pickle',
    });
  });

  it('bytes behind the pickle', async () => {
    const bytes = Buffer.concat([read('lone.pkl'), Buffer.from('junk')]);
    const { problems, tensors } = await openBytes(Uint8Array.from(bytes));
    expect(tensors.map(({ name }) => name)).toEqual(['value']);
    expect(problems).toEqual([
      {
        code: 'trailing-bytes',
        message: '4 bytes follow the pickle, and they are no other',
        offset: read('lone.pkl').byteLength,
      },
    ]);
  });

  it('an array of joblib whose bytes are not there', async () => {
    const bytes = read('joblib.joblib');
    expect(await rejection(openBytes(bytes.subarray(0, 300)))).toMatchObject({ code: 'corrupt' });
  });

  it('an array that makes no sense does not hide the others', async () => {
    const broken =
      "cnumpy.core.multiarray\n_reconstruct\n(tR(I1\n(I-4\ntcnumpy\ndtype\n(S'f4'\ntRI00\nS''\ntb";
    const sound =
      "cnumpy.core.multiarray\n_reconstruct\n(tR(I1\n(I1\ntcnumpy\ndtype\n(S'f4'\ntRI00\nS'abcd'\ntb";
    const { tensors, problems } = await openBytes(latin1(`(dp0\nS'a'\n${broken}sS'b'\n${sound}s.`));
    expect(tensors.map(({ name }) => name)).toEqual(['b']);
    expect(problems.map(({ code, tensor }) => [code, tensor])).toEqual([['corrupt', 'a']]);
  });
});

it('an array that joblib before 0.10 put into a file of its own is named', async () => {
  const wrapper =
    'ccopy_reg\n_reconstructor\n(cjoblib.numpy_pickle\nNDArrayWrapper\nc__builtin__\nobject\nNtR';
  const { tensors, problems } = await openBytes(
    latin1(`(dp0\nS'w'\n${wrapper}(dS'filename'\nS'model.pkl_01.npy'\nsbsS'step'\nI3\ns.`),
  );
  expect(tensors).toEqual([]);
  expect(problems).toContainEqual({
    code: 'unsupported',
    message: 'the array is in model.pkl_01.npy, where joblib put arrays before version 0.10',
    tensor: 'w',
  });
});

it('a frozen dict of Flax is its entries', async () => {
  const array =
    "cnumpy.core.multiarray\n_reconstruct\n(tR(I1\n(I1\ntcnumpy\ndtype\n(S'f4'\ntRI00\nS'abcd'\ntb";
  const { tensors } = await openBytes(latin1(`cflax.core.frozen_dict\nFrozenDict\n((dS'w'\n${array}stR.`));
  expect(tensors.map(({ name, dtype }) => [name, dtype])).toEqual([['w', 'f32']]);
});

describe('not claimed', () => {
  it.each<[string, Uint8Array]>([
    ['a text that begins as protocol 0 does', latin1('(dp0\nthis is a text.')],
    ['one opcode', latin1('N.')],
    ['the length of a safetensors header', Uint8Array.of(0x80, 4, 0, 0, 0, 0, 0, 0, 0x7b, 0x7d)],
    ['gzip of something else', Uint8Array.from(gzipSync('a text'))],
    ['the start of a zlib stream', Uint8Array.of(0x78, 0x9c, 1, 2, 3)],
  ])('%s', async (_, bytes) => {
    const input = await fileInput(memorySource(bytes, 'x'));
    expect(await input.pickle()).toBeUndefined();
  });
});
