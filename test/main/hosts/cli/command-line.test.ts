import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';

import { PRINTERS } from '#main/hosts/cli/print/printers.ts';
import { VERBS } from '#main/hosts/cli/usage.ts';
import { npyBytes } from '#test/kit/npy-bytes.ts';
import { plainSafetensors } from '#test/kit/write-plain-safetensors.ts';
import { paramscope, paramscopeJson, paramscopeUntil } from '#test/kit/command-line.ts';

const folder = mkdtempSync(join(tmpdir(), 'paramscope-cli-'));

/** x = [1, 2.5, NaN, -0], y = [[0, 1, 2], [3, 4, 5]], and a name with a line break. */
const path = join(folder, 'a.safetensors');
writeFileSync(
  path,
  plainSafetensors([
    { name: 'x', dtype: 'F32', shape: [4], bytes: new Uint8Array(Float32Array.of(1, 2.5, NaN, -0).buffer) },
    {
      name: 'y',
      dtype: 'F32',
      shape: [2, 3],
      bytes: new Uint8Array(Float32Array.of(0, 1, 2, 3, 4, 5).buffer),
    },
    {
      name: 'odd\nname',
      dtype: 'I64',
      shape: [1],
      bytes: new Uint8Array(BigInt64Array.of(2n ** 62n).buffer),
    },
  ]),
);

describe('exit codes', () => {
  const rows: [title: string, argv: string[], code: number][] = [
    ['0 for a listing', ['ls', path], 0],
    ['0 for help', ['--help'], 0],
    ['0 for the help of a verb', ['hist', '--help'], 0],
    ['0 for the version', ['--version'], 0],
    ['0 for a file against itself', ['diff', path, path], 0],
    ['1 where stat finds what fails', ['stat', path, '--fail-on', 'nan'], 1],
    ['0 where stat does not find it', ['stat', path, 'y', '--fail-on', 'nan,inf'], 0],
    ['2 for no verb', [], 2],
    ['2 for a verb that does not exist', ['frobnicate'], 2],
    ['2 for a flag that does not exist', ['ls', path, '--deep'], 2],
    ['2 for a missing argument', ['hist', path], 2],
    ['2 for one argument too many', ['diff', path, path, path], 2],
    ['2 for a number that is none', ['hist', path, 'x', '--bins', 'many'], 2],
    ['2 for a slice that does not fit', ['show', path, 'x', '--slice', '9'], 2],
    ['2 for an unknown thing to fail on', ['stat', path, '--fail-on', 'bananas'], 2],
    ['2 for a missing required option', ['restore', path, '--input', path], 2],
    ['3 for a file that is not there', ['ls', join(folder, 'nothing')], 3],
    ['3 for a tensor that is not there', ['show', path, 'z'], 3],
  ];
  for (const [title, argv, code] of rows) {
    it(title, async () => expect((await paramscope(...argv)).code).toBe(code));
  }

  it('130 when interrupted, and nothing on standard output', async () => {
    const controller = new AbortController();
    controller.abort();
    expect(await paramscopeUntil(controller.signal, 'stat', path)).toEqual({ code: 130, out: '', error: '' });
  });
});

describe('what is printed', () => {
  it('wrong usage shows the right one on standard error only', async () => {
    const { out, error } = await paramscope('hist', path, '--bins');
    expect(out).toBe('');
    expect(error).toContain('usage: paramscope hist PATH NAME [--bins N] [--range A:B] [--csv] [--json]');
  });

  it('names are escaped in text, raw in JSON, and accepted either way', async () => {
    expect((await paramscope('ls', path)).out).toContain('odd\\u000aname');
    const { document } = await paramscopeJson<{ tensors: { name: string }[] }>('ls', path);
    expect(document.tensors.map(({ name }) => name)).toContain('odd\nname');
    for (const name of ['odd\nname', 'odd\\u000aname']) {
      expect(await paramscopeJson('show', path, name)).toEqual({
        code: 0,
        document: { shape: [1], dtype: 'i64', values: [String(2n ** 62n)] },
      });
    }
  });

  it('JSON writes what is no number as text and keeps the sign of zero', async () => {
    const { out } = await paramscope('show', path, 'x', '--json');
    expect(out).toBe('{"shape":[4],"dtype":"f32","values":[1,2.5,"NaN",-0.0]}\n');
  });

  it('values nest like the slice', async () => {
    const { document } = await paramscopeJson('show', path, 'y', '--slice', ':,1:');
    expect(document).toEqual({
      shape: [2, 2],
      dtype: 'f32',
      values: [
        [1, 2],
        [4, 5],
      ],
    });
  });

  it('bytes without a dtype are read as one that they may be', async () => {
    const voids = join(folder, 'int4.npy');
    // as ml_dtypes keeps int4: one number a byte, in its lower half
    writeFileSync(voids, npyBytes('|V1', [5], Uint8Array.of(0x00, 0x0f, 0x03, 0x08, 0x07)));
    const read = async (...options: string[]): Promise<unknown> =>
      (await paramscopeJson('show', voids, 'value', ...options)).document;
    expect(await read()).toEqual({ shape: [5], dtype: 'v1', values: ['00', '0f', '03', '08', '07'] });
    expect(await read('--as', 'i4')).toEqual({ shape: [5], dtype: 'i4', values: [0, -1, 3, -8, 7] });
    expect(await read('--as', 'u4', '--slice', '1:4')).toEqual({
      shape: [3],
      dtype: 'u4',
      values: [15, 3, 8],
    });
    expect(await read('--as', 'f8_e5m2', '--slice', ':1')).toEqual({
      shape: [1],
      dtype: 'f8_e5m2',
      values: [0],
    });
  });

  it('no dtype is taken that the tensor does not offer', async () => {
    const { code, error } = await paramscope('show', path, 'x', '--as', 'f64');
    expect(code).toBe(2);
    expect(error).toContain('x cannot be read as f64');
    expect(error).toContain('f32, which the file says');
  });

  it('a range that begins with a minus is a value, not a flag', async () => {
    const { document } = await paramscopeJson<{ edges: number[]; counts: number[]; nan: number }>(
      'hist',
      path,
      'x',
      '--bins',
      '2',
      '--range',
      '-1:3',
    );
    expect(document).toMatchObject({ edges: [-1, 1, 3], counts: [1, 2], nan: 1, below: 0, above: 0 });
  });

  it('CSV has a line a bin', async () => {
    const { out } = await paramscope('hist', path, 'y', '--bins', '2', '--csv');
    expect(out).toBe('from,to,count\n0,2.5,3\n2.5,5,3\n');
  });

  it('equal tensors are told with what they cost, for people and for programs', async () => {
    const twice = join(folder, 'twice.safetensors');
    const pair = (name: string, ...values: number[]) => ({
      name,
      dtype: 'F32',
      shape: [2],
      bytes: new Uint8Array(Float32Array.from(values).buffer),
    });
    writeFileSync(twice, plainSafetensors([pair('head', 1, 2), pair('other', 2, 1), pair('embed', 1, 2)]));
    expect((await paramscope('duplicates', twice)).out).toBe(
      [
        '2 of 3 tensors are equal to another; 8 B could be spared.',
        '',
        'EQUAL  DTYPE  SHAPE  TO SPARE    TENSORS',
        '    2  f32    2           8 B    head, embed\n',
      ].join('\n'),
    );
    const group = { names: ['head', 'embed'], dtype: 'f32', shape: [2], byteLength: 8, sparedBytes: 8 };
    expect((await paramscopeJson('duplicates', twice)).document).toMatchObject({
      groups: [{ ...group, isConstant: false }],
      sparedBytes: 8,
    });
  });

  it('rows and columns are told with the dead ones by index, and in CSV', async () => {
    const matrix = join(folder, 'matrix.npy');
    const values = Float32Array.of(3, 0, 4, 0, 0, 0, 2, 0, NaN);
    writeFileSync(matrix, npyBytes('<f4', [3, 3], new Uint8Array(values.buffer)));
    const { out } = await paramscope('profile', matrix, 'value');
    expect(out).toBe(
      [
        '         LINES  NORM FROM  TO  DEAD  CONSTANT  NAN OR INF',
        'rows         3          0   5     1         0           1',
        'columns      3          0   4     1         0           1',
        'dead rows: 1',
        'rows with NaN or infinity: 2',
        'dead columns: 1',
        'columns with NaN or infinity: 2\n',
      ].join('\n'),
    );
    const csv = await paramscope('profile', matrix, 'value', '--rows', '1', '--columns', '0', '--csv');
    expect(csv.out.split('\n').slice(0, 4)).toEqual([
      'side,from,to,min,max,mean,least norm,greatest norm,zeros,not finite',
      'row,0,0,0,3,1.6666666666666667,3.605551275463989,3.605551275463989,1,0',
      'row,1,1,0,0,0,0,0,3,0',
      'row,2,2,0,4,2,4,4,1,1',
    ]);
    const { document } = await paramscopeJson<{ rows: { dead: object; cells: number } }>(
      'profile',
      matrix,
      'value',
    );
    expect(document.rows).toMatchObject({ cells: 3, dead: { count: 1, first: [1] }, mostNorm: [5, 0, 2] });
  });

  it('several paths give a list, and one that cannot be read does not spoil it', async () => {
    const { code, document } = await paramscopeJson<Record<string, unknown>[]>(
      'ls',
      path,
      join(folder, 'nothing'),
    );
    expect([code, document[0]!['path'], document[1]!['path'], Object.keys(document[1]!)]).toEqual([
      3,
      path,
      join(folder, 'nothing'),
      ['path', 'error'],
    ]);
  });

  it('an error in JSON is one document', async () => {
    const { code, document } = await paramscopeJson<{ error: { code: string } }>(
      'stat',
      join(folder, 'nothing'),
    );
    expect([code, document.error.code]).toEqual([3, 'not-found']);
  });
});

describe('the printers', () => {
  for (const { command, verb } of VERBS)
    it(`have one for ${verb.verb}`, () => expect(PRINTERS[command]).toBeDefined());
});
