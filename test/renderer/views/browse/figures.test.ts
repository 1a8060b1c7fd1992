import { describe, expect, test } from 'vitest';

import { fullText, metadataRows, openAtFirst } from '#renderer/views/browse/metadata-rows.ts';
import { proofOf, suggestedName } from '#renderer/views/browse/saving.ts';
import { quantilesOf, statisticsOf } from '#renderer/views/browse/statistics.ts';
import { totalsLine } from '#renderer/views/browse/totals.ts';
import { metadataFrom, type MetadataValue } from '#shared/checkpoint.ts';
import type { SavedCheckpoint } from '#shared/commands/checkpoint.ts';
import type { RowState, Summary } from '#shared/statistics.ts';

const summary: Summary = {
  count: 5120,
  nan: 1,
  positiveInfinity: 0,
  negativeInfinity: 0,
  zeros: 12,
  denormals: 0,
  min: -0.223606,
  max: 9223372036854775807n,
  mean: 0.000412345,
  std: 0.129,
  l2: 9.3,
  quantiles: { '0.5': 0.25, '0.99': 1 },
  exact: true,
};

describe('figures of a tensor', () => {
  test('are short to read and whole to copy', () => {
    const shown = new Map(statisticsOf(summary).map(({ title, text, full }) => [title, [text, full]]));
    expect([shown.get('count'), shown.get('min'), shown.get('max'), shown.get('mean')]).toEqual([
      ['5,120', '5120'],
      ['−0.2236', '-0.223606'],
      ['9223372036854775807', '9223372036854775807'],
      ['0.0004123', '0.000412345'],
    ]);
  });

  test('mark what should not be there, in words and not by colour alone', () => {
    const marked = statisticsOf(summary).filter(({ tone }) => tone === 'bad');
    expect(marked.map(({ title, text }) => [title, text])).toEqual([['NaN', '1']]);
  });

  test('leave out what a tensor does not have', () => {
    const absent = ['min', 'max', 'mean', 'std', 'l2'];
    const rest = Object.fromEntries(Object.entries(summary).filter(([field]) => !absent.includes(field)));
    expect(statisticsOf(rest as unknown as Summary).map(({ title }) => title)).toEqual([
      'count',
      'zeros',
      'NaN',
      '±Inf',
      'denormals',
    ]);
  });

  const infinities: readonly (readonly [number, number, string, string])[] = [
    [0, 0, '±Inf', '0'],
    [3, 0, '+Inf', '3'],
    [0, 2, '−Inf', '2'],
    [3, 2, '±Inf', '3 + 2'],
  ];
  test.each(infinities)('tell %i plus and %i minus infinities apart', (plus, minus, title, text) => {
    const figures = statisticsOf({ ...summary, positiveInfinity: plus, negativeInfinity: minus });
    expect(figures.find((figure) => figure.title.endsWith('Inf'))).toMatchObject({ title, text });
  });

  test('name the quantiles', () => {
    expect(quantilesOf(summary).map(({ title, text }) => [title, text])).toEqual([
      ['median', '0.25'],
      ['99 %', '1'],
    ]);
  });
});

describe('the line of totals', () => {
  const rows: readonly (readonly [Parameters<typeof totalsLine>[0], readonly string[]])[] = [
    [
      { tensors: 4, parameters: 7946, bytes: 31784, dtypes: { f32: 4 } },
      ['4 tensors', '7,946 parameters', '31.0 KiB', 'f32'],
    ],
    [{ tensors: 1, parameters: 1, bytes: 4, dtypes: { f32: 1 } }, ['1 tensor', '1 parameter', '4 B', 'f32']],
    [{ tensors: 0, parameters: 0, bytes: 0, dtypes: {} }, ['0 tensors', '0 parameters', '0 B']],
    [
      { tensors: 9, parameters: 9, bytes: 9, dtypes: { f32: 4, i64: 1, bf16: 2, u8: 1, bool: 1 } },
      ['9 tensors', '9 parameters', '9 B', 'f32 ×4, bf16 ×2, i64 ×1, u8 ×1, 1 more'],
    ],
  ];
  test.each(rows)('%j', (totals, line) => {
    expect(totalsLine(totals)).toEqual(line);
  });
});

describe('metadata are a tree of texts', () => {
  const metadata = metadataFrom([
    ['epoch', 3],
    ['steps', 18446744073709551615n],
    ['note', 'a\u202eb <b>bold</b>'],
    ['__proto__', metadataFrom([['constructor', [1, null, true]]])],
    ['empty', []],
  ]);

  test('closed, each entry is a line', () => {
    expect(
      metadataRows(metadata, () => false).map(({ name, text, isExpanded }) => [name, text, isExpanded]),
    ).toEqual([
      ['epoch', '3', undefined],
      ['steps', '18446744073709551615', undefined],
      ['note', 'a\\u202eb <b>bold</b>', undefined],
      ['__proto__', '1 entry', false],
      ['empty', 'list of 0', undefined],
    ]);
  });

  test('open, each knows its depth', () => {
    const rows = metadataRows(metadata, () => true);
    expect(rows.slice(3).map(({ name, level, text }) => [name, level, text])).toEqual([
      ['__proto__', 1, '1 entry'],
      ['constructor', 2, 'list of 3'],
      ['0', 3, '1'],
      ['1', 3, 'none'],
      ['2', 3, 'true'],
      ['empty', 1, 'list of 0'],
    ]);
    expect(new Set(rows.map(({ key }) => key)).size).toBe(rows.length);
  });

  test('small containers are open at first', () => {
    expect(openAtFirst(metadata)).toEqual(['"__proto__"']);
  });

  const whole: readonly (readonly [string, MetadataValue, string])[] = [
    ['texts keep their lines', 'one\ntwo\u0007', 'one\ntwo\\u0007'],
    ['containers are indented', ['a', { b: 1n }], '[\n  "a",\n  {\n    "b": "1"\n  }\n]'],
    ['marks that turn text are escaped inside them, too', ['\u202e'], '[\n  "\\u202e"\n]'],
    ['numbers have all their digits', 0.1 + 0.2, '0.30000000000000004'],
  ];
  test.each(whole)('%s', (_title, value, text) => {
    expect(fullText(value)).toBe(text);
  });
});

describe('saving', () => {
  const names: readonly (readonly [string, 'safetensors' | 'npz' | 'npy', string])[] = [
    ['mlp.params', 'safetensors', 'mlp.safetensors'],
    ['x-file', 'npy', 'x-file.npy'],
    ['step-0040.pt', 'npz', 'step-0040.npz'],
    ['hidden.weight', 'npy', 'hidden.weight.npy'],
    ['a/b:c', 'npy', 'a-b-c.npy'],
    ['.npz', 'npz', 'checkpoint.npz'],
  ];
  test.each(names)('%s as %s is offered as %s', (name, format, offered) => {
    expect(suggestedName(name, format)).toBe(offered);
  });

  const saved = (...states: RowState[]): SavedCheckpoint => ({
    written: 'a.npz',
    byteLength: 1,
    sha256: '',
    proof: {
      verdict: states.every((state) => state === 'identical') ? 'identical' : 'different',
      rows: states.map((state, index) => ({ name: `t${index}`, state })),
      metadata: [],
    },
  });

  test('the proof is told in words', () => {
    expect([
      proofOf(saved('identical', 'identical')),
      proofOf(saved('identical', 'different')),
    ]).toMatchObject([
      { tone: 'good', verdict: 'Identical: 2 of 2 tensors, every bit' },
      {
        tone: 'bad',
        verdict: 'Not the same: 1 of 2 tensors are identical',
        sentence: 'Reopened, the file differs from what is open here: t1 (different).',
      },
    ]);
  });
});
