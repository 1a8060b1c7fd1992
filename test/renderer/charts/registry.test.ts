import * as z from 'zod/mini';
import { describe, expect, test } from 'vitest';

import type { ChartSubject } from '#renderer/charts/contract.ts';
import { CHARTS, chartsFor } from '#renderer/charts/registry.ts';
import { COMMANDS } from '#shared/commands/commands.ts';
import type { TensorInfo } from '#shared/tensor.ts';

function subject(dtype: string, shape: readonly number[], more: Partial<TensorInfo> = {}): ChartSubject {
  const elementCount = shape.reduce((product, dimension) => product * dimension, 1);
  return {
    kind: 'tensor',
    file: 'id',
    tensor: { name: 'a.b', dtype, shape, elementCount, byteLength: 0, ...more },
  };
}

const SUBJECTS: readonly (readonly [string, ChartSubject, readonly string[]])[] = [
  ['a matrix', subject('f32', [256, 20]), ['histogram', 'heatmap', 'profile', 'spectrum', 'values']],
  ['a scalar', subject('i64', []), ['histogram', 'heatmap', 'spectrum', 'values']],
  ['no elements', subject('f32', [0, 3]), ['histogram', 'heatmap', 'profile', 'spectrum', 'values']],
  ['five axes', subject('bf16', [2, 3, 4, 5, 6]), ['histogram', 'heatmap', 'profile', 'spectrum', 'values']],
  ['booleans', subject('bool', [7]), ['histogram', 'heatmap', 'spectrum', 'values']],
  ['complex numbers', subject('c64', [4, 4]), ['values']],
  ['texts', subject('str', [3]), ['values']],
  ['times', subject('datetime64[ns]', [3]), ['values']],
  ['blocks', subject('q4_k', [256, 256]), ['histogram', 'heatmap', 'profile', 'spectrum', 'values']],
  ['no data', subject('f32', [4], { noData: true }), []],
];

describe('each kind of tensor has the charts that can show it', () => {
  test.each(SUBJECTS)('%s', (_title, one, names) => {
    expect(chartsFor(one).map(({ name }) => name)).toEqual(names);
  });
});

describe('every chart asks questions that the engine takes', () => {
  for (const chart of CHARTS) {
    for (const [title, one] of SUBJECTS) {
      if (!chart.supports(one)) continue;
      test(`${chart.name} of ${title}`, () => {
        const options = chart.optionsFor(one, undefined, {
          bins: 64,
          isLogCount: false,
          isSymlog: true,
          isClipped: true,
        });
        const wanted = chart.before ? { ...(options as object), isWanted: true } : options;
        const request = chart.request(one, wanted);
        if (!request) throw new Error('nothing is asked');
        const { command, params } = request;
        expect(z.safeParse(COMMANDS[command].params as z.ZodMiniType, params).success).toBe(true);
        // what is asked travels over a port
        expect(structuredClone(params)).toEqual(params);
      });
    }
  }

  test('but for those on request, which ask once they are wanted', () => {
    for (const chart of CHARTS.filter(({ before }) => before)) {
      const one = subject('f32', [2, 2]);
      const options = chart.optionsFor(one, { isWanted: true }, {} as never);
      expect(chart.request(one, options)).toBeUndefined();
    }
  });

  test('names are unique', () => {
    expect(new Set(CHARTS.map(({ name }) => name)).size).toBe(CHARTS.length);
  });
});
