import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

import { describe, expect, it } from 'vitest';

import { memorySource } from '#main/bytes/memory-source.ts';
import type { Checkpoint } from '#main/formats/contract.ts';
import { openCheckpoint } from '#main/formats/detect.ts';
import { fileInput } from '#main/formats/input.ts';
import { rowsOf } from '#test/kit/rows.ts';

const FIXTURES = fileURLToPath(new URL('../../fixtures/numpy/', import.meta.url));

type Row = { readonly dtype: string; readonly shape: readonly number[]; readonly sha256: string };
type Expected = Readonly<Record<string, Readonly<Record<string, Row>>>>;
const EXPECTED = JSON.parse(readFileSync(`${FIXTURES}expected.json`, 'utf8')) as Expected;

async function openBytes(bytes: Uint8Array): Promise<Checkpoint> {
  return openCheckpoint(await fileInput(memorySource(bytes, 'x.npy')));
}
const open = (name: string): Promise<Checkpoint> =>
  openBytes(Uint8Array.from(readFileSync(`${FIXTURES}${name}`)));

describe('files by NumPy and SciPy have the arrays that these had', () => {
  it.each(Object.keys(EXPECTED))('%s', async (name) => {
    const checkpoint = await open(name);
    expect(await rowsOf(checkpoint)).toEqual(EXPECTED[name]);
    expect(checkpoint.format).toBe('numpy');
    expect(checkpoint.problems).toEqual([]);
  });

  it('what is no array is metadata', async () => {
    const { metadata } = await open('objects.npy');
    expect(metadata).toMatchObject({ scalar: 2.5, number: 7, nested: { list: { 0: -3 } } });
  });

  it('sparse matrices name their parts', async () => {
    const { tensors } = await open('scipy-csr.npz');
    expect(tensors[0]!.sparse).toEqual({ layout: 'csr', parts: ['data', 'indptr', 'indices'] });
  });
});

/** An .npy file of format 1.0 with this header and as many bytes behind it. */
function npy(header: string, dataBytes = 0, version: readonly [number, number] = [1, 0]): Uint8Array {
  const text = Buffer.from(header, version[0] === 3 ? 'utf8' : 'latin1');
  const head = Buffer.alloc(version[0] === 1 ? 10 : 12);
  head.set([0x93, ...Buffer.from('NUMPY'), ...version]);
  if (version[0] === 1) head.writeUInt16LE(text.byteLength, 8);
  else head.writeUInt32LE(text.byteLength, 8);
  return Uint8Array.from(Buffer.concat([head, text, Buffer.alloc(dataBytes)]));
}

describe('headers as other writers have them', () => {
  const check = (name: string, header: string, dataBytes: number, tensors: readonly object[]): void => {
    it(name, async () => {
      const checkpoint = await openBytes(npy(header, dataBytes));
      expect(checkpoint.tensors).toMatchObject(tensors);
      expect(checkpoint.problems).toEqual([]);
    });
  };
  const plain = [{ name: 'value', dtype: 'f4', shape: [3] }].map((row) => ({ ...row, dtype: 'f32' }));
  check('no padding, no last comma', "{'descr': '<f4', 'fortran_order': False, 'shape': (3,)}", 12, plain);
  check(
    'other order, other quotes, breaks',
    '{"shape":\n(3,),"fortran_order":False,\n\t"descr":"<f4"}',
    12,
    plain,
  );
  check("Python 2's long integers", "{'descr': '<f4', 'fortran_order': False, 'shape': (3L,), }", 12, plain);
  check(
    "Python 2's unicode texts",
    "{u'descr': u'<f4', u'fortran_order': False, u'shape': (3,), }",
    12,
    plain,
  );
  check(
    'one dimension without parentheses',
    "{'descr': '<f4', 'fortran_order': False, 'shape': 3}",
    12,
    plain,
  );
  check('native byte order', "{'descr': '=f4', 'fortran_order': False, 'shape': (3,)}", 12, plain);
  check('no sign at all', "{'descr': 'f4', 'fortran_order': False, 'shape': (3,)}", 12, plain);
  check('bool by its letter', "{'descr': '|?', 'fortran_order': False, 'shape': ()}", 1, [
    { dtype: 'bool', shape: [] },
  ]);
  check("MXNet's bfloat16", "{'descr': '<b2', 'fortran_order': False, 'shape': (1,)}", 2, [
    { dtype: 'bf16' },
  ]);
  check("ml_dtypes' float8_e5m2", "{'descr': '<f1', 'fortran_order': False, 'shape': (1,)}", 1, [
    { dtype: 'f8_e5m2' },
  ]);
  check('long double', "{'descr': '<f16', 'fortran_order': False, 'shape': (1,)}", 16, [{ dtype: 'f80' }]);
  check('a void of two bytes', "{'descr': '|V2', 'fortran_order': False, 'shape': (1,)}", 2, [
    { dtype: 'v2', offers: ['bf16'] },
  ]);
  check(
    'a title beside the name, escapes in it',
    "{'descr': [(('t', 'n\\x41\\u0042'), '|u1')], 'fortran_order': False, 'shape': (2,)}",
    2,
    [{ name: 'value.nAB', dtype: 'u8', shape: [2] }],
  );
  check(
    'padding between fields',
    "{'descr': [('a', '|u1'), ('', '|V3'), ('b', '<u4')], 'fortran_order': False, 'shape': (2,)}",
    16,
    [{ name: 'value.a' }, { name: 'value.b' }],
  );
  check('a unit of several', "{'descr': '<M8[25s]', 'fortran_order': False, 'shape': (1,)}", 8, [
    { dtype: 'datetime64[25s]' },
  ]);
  check(
    'a name that is special elsewhere',
    "{'descr': [('__proto__', '|u1')], 'fortran_order': False, 'shape': (2,)}",
    2,
    [{ name: 'value.__proto__' }],
  );
});

describe('each broken rule is named', () => {
  const check = (name: string, bytes: Uint8Array, expected: object): void => {
    it(name, async () => {
      await expect(openBytes(bytes)).rejects.toMatchObject(expected);
    });
  };
  const shape = (text: string, dataBytes = 0): Uint8Array =>
    npy(`{'descr': '<f4', 'fortran_order': False, 'shape': ${text}}`, dataBytes);
  const descr = (text: string): Uint8Array =>
    npy(`{'descr': ${text}, 'fortran_order': False, 'shape': (1,)}`, 64);
  check('a magic alone', Uint8Array.of(0x93, ...Buffer.from('NUMPY')), {
    code: 'corrupt',
    message: 'this is no .npy array',
  });
  check('a newer version', npy('{}', 0, [4, 0]), {
    code: 'unsupported',
    message: 'the array is of .npy format 4.0',
  });
  check('a cut header', shape('(3,)').slice(0, 40), {
    code: 'corrupt',
    message: 'the .npy header is cut short',
  });
  check('a header of 3 GiB', Uint8Array.from([...npy('', 0, [2, 0]).subarray(0, 8), 0, 0, 0, 0xc0]), {
    code: 'limit',
    message: 'the .npy header is longer than we read',
  });
  check('a header that is no dict', npy('[1, 2]'), {
    code: 'corrupt',
    message: 'the .npy header is no dict',
  });
  check('a header without a shape', npy("{'descr': '<f4', 'fortran_order': False}"), {
    code: 'corrupt',
    message: 'the .npy header lacks shape',
  });
  check('an order that is no truth', npy("{'descr': '<f4', 'fortran_order': 1, 'shape': ()}", 4), {
    code: 'corrupt',
    message: 'fortran_order of the .npy header is neither True nor False',
  });
  check('a call in the header', npy("{'descr': __import__('os'), 'fortran_order': False, 'shape': ()}"), {
    code: 'corrupt',
    message: /^the text is no Python value at character/ as unknown as string,
  });
  const notUtf8 = npy("{'?': 1}", 0, [3, 0]).map((byte) => (byte === 0x3f ? 0xff : byte));
  check('a header of version 3 that is not UTF-8', notUtf8, {
    code: 'corrupt',
    message: 'the .npy header is not UTF-8',
  });
  check('a text without an end', npy("{'descr"), { code: 'corrupt', fields: { expected: "a closing '" } });
  check('a negative dimension', shape('(-1,)'), {
    code: 'corrupt',
    message: 'the shape is not one an array can have',
  });
  check('a dimension beyond 2^53', shape('(9007199254740993,)'), {
    code: 'corrupt',
    message: 'the shape is not one an array can have',
  });
  check('more elements than any file', shape('(4294967296, 4294967296)'), {
    code: 'corrupt',
    message: 'the array is larger than any file',
  });
  check('more elements than the file', shape('(4,)', 12), {
    code: 'corrupt',
    message: 'the array is longer than the data behind its header',
    fields: { expected: '16 bytes', found: '12 bytes' },
  });
  check('more dimensions than NumPy has', shape(`(${'1,'.repeat(65)})`), {
    code: 'limit',
    message: 'the array has more dimensions than we read',
  });
  check('deep nesting', npy('['.repeat(100)), { code: 'limit', message: 'values nested deeper than 64' });
  check('a type that NumPy does not know', descr("'<q4'"), {
    code: 'corrupt',
    message: 'the NumPy type is not one that NumPy knows',
  });
  check('a float of three bytes', descr("'<f3'"), {
    code: 'unsupported',
    message: 'the NumPy type <f3 has no dtype here',
  });
  check('a record of nothing proper', descr("[('a',)]"), {
    code: 'corrupt',
    message: 'a field of the record is not a name, a type and perhaps a shape',
  });
  check('objects without a pickle', npy("{'descr': '|O', 'fortran_order': False, 'shape': (1,)}"), {
    code: 'corrupt',
    message: 'the pickle ends in the middle of a value',
  });
  check(
    'an archive that is cut short',
    Uint8Array.from(readFileSync(`${FIXTURES}scipy-csc.npz`)).slice(0, 500),
    { code: 'corrupt', message: 'the archive is cut short: the directory at its end is missing' },
  );
});

describe('what can be lived with is a problem', () => {
  it('bytes after the array', async () => {
    const { problems } = await openBytes(npy("{'descr': '<f4', 'fortran_order': False, 'shape': (3,)}", 15));
    expect(problems).toEqual([
      {
        code: 'trailing-bytes',
        message: '3 bytes follow the array; NumPy reads the first array of a file',
        offset: 77,
      },
    ]);
  });

  it('more in the header than NumPy allows', async () => {
    const { problems } = await openBytes(
      npy("{'descr': '<f4', 'fortran_order': False, 'shape': (), 'x': 1}", 4),
    );
    expect(problems).toEqual([{ code: 'npy-header', message: 'the header has more than NumPy allows: x' }]);
  });

  it('a class that nobody knows', async () => {
    const pickle = Buffer.from(
      '\x80\x02}X\x01\x00\x00\x00kcmymodule\nThing\n)R}X\x01\x00\x00\x00aK\x01sbs.',
      'latin1',
    );
    const header = "{'descr': '|O', 'fortran_order': False, 'shape': ()}";
    const wrapped = Buffer.concat([
      npy(header),
      Buffer.from(
        '\x80\x02cnumpy\n_reconstruct\n(cnumpy\nndarray\ntR(K\x01)cnumpy\ndtype\nU\x02O8\x85R\x89]',
        'latin1',
      ),
      pickle.subarray(2, -1),
      Buffer.from('atb.', 'latin1'),
    ]);
    const { problems, metadata, imports } = await openBytes(Uint8Array.from(wrapped));
    expect(problems.map(({ code, message }) => [code, message])).toEqual([
      ['unknown-global', 'mymodule.Thing is unknown here and stands as plain data'],
    ]);
    expect(metadata).toEqual({ k: { __class__: 'mymodule.Thing', a: 1 } });
    expect(imports.map(({ name }) => name)).toEqual(['_reconstruct', 'ndarray', 'dtype', 'Thing']);
  });
});
