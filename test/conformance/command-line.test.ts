import { describe, expect, it } from 'vitest';

import { paramscopeJson } from '#test/kit/command-line.ts';
import { ORACLES, hasOracles, readOracles, type OracleNumber } from '#test/kit/shared-files.ts';

interface StatDocument {
  readonly tensors: readonly {
    readonly name: string;
    readonly dtype: string;
    readonly shape: readonly number[];
    readonly sha256: string;
    readonly summary: {
      readonly min?: OracleNumber;
      readonly max?: OracleNumber;
      readonly mean?: number;
      readonly exact: boolean;
    };
  }[];
}

/** The chapter's files of the frameworks that are read. */
const FOLDERS = /^chapter\/(?:pytorch|jax|mxnet-[^/]+|numpy|tensorflow-[^/]+)\//;
const LATER = /\.(?:h5|keras)$/;

describe.skipIf(!hasOracles)('paramscope stat --digest --json tells what the frameworks wrote', () => {
  const files = hasOracles ? Object.entries(readOracles().files) : [];
  for (const [path, expected] of files.filter(([name]) => FOLDERS.test(name) && !LATER.test(name))) {
    it(path, async () => {
      const { code, document } = await paramscopeJson<StatDocument>('stat', `${ORACLES}${path}`, '--digest');
      expect(code).toBe(0);
      const facts = document.tensors.map(({ name, dtype, shape, sha256 }) => [
        name,
        { dtype, shape, sha256 },
      ]);
      const wanted = Object.entries(expected.tensors).map(([name, { dtype, shape, sha256 }]) => [
        name,
        { dtype, shape, sha256 },
      ]);
      expect(Object.fromEntries(facts)).toEqual(Object.fromEntries(wanted));
      expect(facts.length).toBe(wanted.length);
      for (const { name, summary } of document.tensors) {
        const { min, max, mean } = expected.tensors[name]!;
        expect([summary.min, summary.max]).toEqual([min, max]);
        const scale = Math.max(Math.abs(Number(min)), Math.abs(Number(max)));
        expect(Math.abs(summary.mean! - Number(mean))).toBeLessThanOrEqual(1e-12 * scale);
        expect(summary.exact).toBe(true);
      }
    });
  }

  it('opens a TensorFlow checkpoint by its prefix, its folder, its data file and its checkpoint file', async () => {
    const folder = `${ORACLES}chapter/tensorflow-tf-keras/`;
    const names = Object.keys(readOracles().files['chapter/tensorflow-tf-keras/mlp.params.index']!.tensors);
    for (const path of ['mlp.params', '', 'mlp.params.data-00000-of-00001', 'checkpoint']) {
      const { code, document } = await paramscopeJson<StatDocument>('ls', `${folder}${path}`);
      expect([path, code, document.tensors.map(({ name }) => name).sort()]).toEqual([
        path,
        0,
        [...names].sort(),
      ]);
    }
  });
});
