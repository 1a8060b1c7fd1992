import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';

import { paramscope } from '#test/kit/command-line.ts';
import { npyBytes } from '#test/kit/npy-bytes.ts';
import { floatsOf, readPlainSafetensors } from '#test/kit/plain-safetensors.ts';

let folder: string;
beforeEach(() => void (folder = mkdtempSync(join(tmpdir(), 'paramscope-mixed-'))));
afterEach(() => rmSync(folder, { recursive: true }));

const at = (name: string) => join(folder, name);
const LAST = 'step-000020.safetensors';

/** Two hidden layers that differ. */
function train(out: string, steps: number, ...options: string[]) {
  return paramscope('train', ...options, '--out', at(out), '--steps', String(steps));
}

function writeConfig(): string {
  const layers = [20, 8, 6, 10];
  const config = { layers, activation: ['leaky-relu', 'tanh'], negativeSlope: 0.25, ema: 0.9 };
  writeFileSync(at('config.json'), JSON.stringify(config));
  return at('config.json');
}

/** The network by its definition, one row at a time. */
function outputsOf(path: string, x: Float32Array, rows: number): Float32Array {
  const { tensors } = readPlainSafetensors(path);
  const activations = [(v: number) => (v > 0 ? v : 0.25 * v), Math.tanh, (v: number) => v];
  let values = Array.from({ length: rows }, (_, row) => [...x.subarray(20 * row, 20 * row + 20)]);
  for (const [layer, activate] of activations.entries()) {
    const weight = floatsOf(tensors.get(`layers.${layer}.weight`)!);
    const bias = floatsOf(tensors.get(`layers.${layer}.bias`)!);
    values = values.map((inputs) =>
      Array.from(bias, (start, output) =>
        activate(
          inputs.reduce((sum, value, input) => sum + value * weight[output * inputs.length + input]!, start),
        ),
      ),
    );
  }
  return Float32Array.from(values.flat());
}

describe('a network whose hidden layers differ', () => {
  it('is resumed without its configuration, to the bit', async () => {
    const config = writeConfig();
    expect((await train('whole', 20, config)).code).toBe(0);
    await train('parted', 10, config);
    const { code, error } = await train('parted', 20, '--resume');
    expect([code, error]).toEqual([0, '']);
    expect(readFileSync(at(`parted/${LAST}`)).equals(readFileSync(at(`whole/${LAST}`)))).toBe(true);
    expect((await paramscope('prove', at('parted'))).code).toBe(0);
  });

  it('is rebuilt from its checkpoint alone, and is no other', async () => {
    await train('run', 20, writeConfig());
    const x = Float32Array.from({ length: 60 }, (_, index) => Math.sin(7 * index));
    writeFileSync(at('X.npy'), npyBytes('<f4', [3, 20], x));
    writeFileSync(at('Y.npy'), npyBytes('<f4', [3, 10], outputsOf(at(`run/${LAST}`), x, 3)));
    const restore = (...options: string[]) =>
      paramscope(
        ...['restore', at(`run/${LAST}`), '--input', at('X.npy'), '--output', at('Y.npy'), ...options],
      );
    expect((await restore()).code).toBe(0);
    const leaky = { activation: 'leaky-relu', negativeSlope: 0.25 };
    const layersWith = (first: object) => [
      { linear: [20, 8] },
      first,
      { linear: [8, 6] },
      { activation: 'tanh' },
      { linear: [6, 10] },
    ];
    const verdictOf = async (architecture: readonly object[]) => {
      writeFileSync(at('arch.json'), JSON.stringify({ layers: architecture }));
      return (await restore('--arch', at('arch.json'))).code;
    };
    expect(await verdictOf(layersWith(leaky))).toBe(0);
    expect(await verdictOf(layersWith({ activation: 'leaky-relu' }))).toBe(1);
  });
});
