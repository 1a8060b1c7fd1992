import { describe, expect, it } from 'vitest';

import { inferArchitecture, resolveArchitecture } from '#main/services/reproduction/architecture.ts';
import { metadataFrom, type CheckpointSummary } from '#shared/checkpoint.ts';
import { isAppError } from '#shared/errors.ts';
import type { Architecture } from '#shared/reproduction.ts';

type Shapes = Readonly<Record<string, readonly number[]>>;

function summaryOf(shapes: Shapes, metadata: Record<string, string> = {}): CheckpointSummary {
  const tensors = Object.entries(shapes).map(([name, shape]) => ({
    name,
    dtype: 'f32',
    shape,
    elementCount: shape.reduce((product, size) => product * size, 1),
    byteLength: 4 * shape.reduce((product, size) => product * size, 1),
  }));
  return {
    path: 'x',
    format: 'pytorch',
    dialect: '',
    layout: 'dict',
    totals: { tensors: tensors.length, parameters: 0, bytes: 0, dtypes: {} },
    tensors,
    problems: [],
    metadata: metadataFrom(Object.entries(metadata)),
  };
}

const relus = (...widths: number[]): Architecture => ({
  layers: widths
    .slice(1)
    .flatMap((width, index) => [
      ...(index === 0 ? [] : [{ activation: 'relu' }]),
      { linear: [widths[index]!, width] as const },
    ]),
});

/** Which tensors each linear layer got, with `ᵀ` where they are inputs x outputs. */
const usedBy = (resolved: ReturnType<typeof resolveArchitecture>) =>
  resolved.layers.flatMap((step) =>
    step.kind === 'linear'
      ? [`${step.tensors.weight}${step.tensors.isTransposed ? 'ᵀ' : ''} ${step.tensors.bias ?? '-'}`]
      : [],
  );

describe('tensors are found for a stated architecture', () => {
  check(
    'by shape',
    { 'out.bias': [10], 'out.weight': [10, 8], 'in.weight': [8, 4], 'in.bias': [8] },
    relus(4, 8, 10),
    ['in.weight in.bias', 'out.weight out.bias'],
  );
  check(
    'in either orientation',
    { 'a/kernel': [4, 8], 'a/bias': [8], 'b/kernel': [8, 10], 'b/bias': [10] },
    relus(4, 8, 10),
    ['a/kernelᵀ a/bias', 'b/kernelᵀ b/bias'],
  );
  check(
    'by order where shapes repeat',
    { '0.weight': [8, 8], '0.bias': [8], '2.weight': [8, 8], '2.bias': [8] },
    relus(8, 8, 8),
    ['0.weight 0.bias', '2.weight 2.bias'],
  );
  check(
    'in the order of numbers where the writer sorted by name',
    {
      'l.1.bias': [8],
      'l.1.weight': [8, 8],
      'l.10.bias': [8],
      'l.10.weight': [8, 8],
      'l.2.bias': [8],
      'l.2.weight': [8, 8],
    },
    relus(8, 8, 8, 8),
    ['l.1.weight l.1.bias', 'l.2.weight l.2.bias', 'l.10.weight l.10.bias'],
  );
  check(
    'by name where that is given',
    { 'a.weight': [8, 8], 'a.bias': [8], 'b.weight': [8, 8], 'b.bias': [8] },
    { layers: [{ linear: [8, 8], name: 'b' }, { activation: 'tanh' }, { linear: [8, 8], name: 'a' }] },
    ['b.weight b.bias', 'a.weight a.bias'],
  );
  check(
    'square ones as the others of their file lie',
    { 'a.weight': [4, 8], 'a.bias': [8], 'b.weight': [8, 8], 'b.bias': [8] },
    relus(4, 8, 8),
    ['a.weightᵀ a.bias', 'b.weightᵀ b.bias'],
  );
  check('square ones by the name of their kind', { 'a/kernel': [8, 8], 'a/bias': [8] }, relus(8, 8), [
    'a/kernelᵀ a/bias',
  ]);
  check('without a bias where there is none', { 'a.weight': [8, 4] }, relus(4, 8), ['a.weight -']);
  check(
    'past what an optimizer keeps',
    {
      'hidden.bias': [8],
      'hidden.weight': [8, 4],
      'optimizer.hidden.weight.exp_avg': [8, 4],
      'optimizer.output.weight.exp_avg': [10, 8],
      'output.bias': [10],
      'output.weight': [10, 8],
    },
    relus(4, 8, 10),
    ['hidden.weight hidden.bias', 'output.weight output.bias'],
  );
  check(
    'not among the moving averages of the same parameters',
    {
      'ema.hidden.bias': [8],
      'ema.hidden.weight': [8, 4],
      'hidden.bias': [8],
      'hidden.weight': [8, 4],
    },
    relus(4, 8),
    ['hidden.weight hidden.bias'],
  );

  function check(rule: string, shapes: Shapes, arch: Architecture, expected: string[]): void {
    it(rule, () => expect(usedBy(resolveArchitecture(arch, summaryOf(shapes)))).toEqual(expected));
  }

  const SHAPES = { 'in.weight': [8, 4], 'in.bias': [8] };
  refuse('a layer without a tensor', SHAPES, relus(4, 9));
  refuse('a name that no tensor bears', SHAPES, { layers: [{ linear: [4, 8], name: 'out' }] });
  refuse('part of a name', SHAPES, { layers: [{ linear: [4, 8], name: 'i' }] });
  refuse(
    'layers that do not follow',
    { ...SHAPES, 'b.weight': [3, 7] },
    { layers: [{ linear: [4, 8] }, { linear: [7, 3] }] },
  );
  refuse('an activation there is not', SHAPES, { layers: [{ linear: [4, 8] }, { activation: 'swish' }] });
  refuse('a slope of what has none', SHAPES, {
    layers: [{ linear: [4, 8] }, { activation: 'relu', negativeSlope: 0.2 }],
  });
  refuse('no layer at all', SHAPES, { layers: [{ activation: 'relu' }] });

  function refuse(what: string, shapes: Shapes, arch: Architecture): void {
    it(`and ${what} is refused`, () => {
      try {
        resolveArchitecture(arch, summaryOf(shapes));
        expect.unreachable();
      } catch (error) {
        expect(isAppError(error) && error.code).toBe('invalid-params');
      }
    });
  }
});

describe('an architecture that is not stated', () => {
  it('is told from a chain of weights, whatever their order', () => {
    const shapes = {
      'c.weight': [3, 6],
      'c.bias': [3],
      'a.weight': [8, 4],
      'a.bias': [8],
      'b.weight': [6, 8],
      'b.bias': [6],
    };
    const resolved = inferArchitecture(summaryOf(shapes), 4, 3);
    expect(resolved.arch).toEqual(relus(4, 8, 6, 3));
    expect(usedBy(resolved)).toEqual(['a.weight a.bias', 'b.weight b.bias', 'c.weight c.bias']);
  });

  it('is the one that a checkpoint of ours records', () => {
    const architecture: Architecture = {
      layers: [
        { linear: [4, 8], name: 'hidden' },
        { activation: 'tanh' },
        { linear: [8, 3], name: 'output' },
      ],
    };
    const shapes = {
      'hidden.weight': [8, 4],
      'hidden.bias': [8],
      'output.weight': [3, 8],
      'output.bias': [3],
    };
    const summary = summaryOf(shapes, { paramscope: JSON.stringify({ architecture }) });
    expect(inferArchitecture(summary, 4, 3).arch).toEqual(architecture);
  });

  const CHAIN = { 'a.weight': [8, 4], 'a.bias': [8], 'b.weight': [3, 8], 'b.bias': [3] };
  refuse('where the widths are others', CHAIN, 5, 3);
  refuse('where a weight has no bias', { ...CHAIN, 'c.weight': [3, 3] }, 4, 3);
  refuse('where there is a convolution', { ...CHAIN, 'conv.weight': [3, 3, 3, 3] }, 4, 3);
  refuse('where there are no matrices', { x: [4] }, 4, 3);
  refuse(
    'where so many squares fit in no order',
    Object.fromEntries(
      Array.from({ length: 40 }, (_, i) => [
        [`l${i}.weight`, [4, 4]],
        [`l${i}.bias`, [4]],
      ]).flat() as [string, number[]][],
    ),
    4,
    3,
  );

  function refuse(rule: string, shapes: Shapes, inputs: number, outputs: number): void {
    it(`has to be stated ${rule}`, () => {
      try {
        inferArchitecture(summaryOf(shapes), inputs, outputs);
        expect.unreachable();
      } catch (error) {
        expect(isAppError(error) && error.fields.hint).toContain('state the architecture');
      }
    });
  }
});
