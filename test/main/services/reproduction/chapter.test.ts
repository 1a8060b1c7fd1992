import { readFileSync, writeFileSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';

import { createCheckpoints } from '#main/services/checkpoints.ts';
import { createFiles } from '#main/services/files.ts';
import { reproduce } from '#main/services/reproduction/reproduction.ts';
import { createSettings } from '#main/services/settings.ts';
import type { Architecture } from '#shared/reproduction.ts';
import { hasOracles, ORACLES, readOracles } from '#test/kit/shared-files.ts';

const ARCH: Architecture = {
  layers: [{ linear: [20, 256] }, { activation: 'relu' }, { linear: [256, 10] }],
};
/** Formats that open so far. */
const FORMATS = new Set(['pytorch', 'mxnet', 'numpy', 'tf-checkpoint']);

const files = createFiles(await createSettings(undefined));
const checkpoints = createCheckpoints(files);
const scratch = mkdtempSync(join(tmpdir(), 'paramscope-restore-'));
afterAll(async () => {
  await checkpoints.close();
  rmSync(scratch, { recursive: true, force: true });
});

const id = (path: string) => files.grant(path).file;

describe.skipIf(!hasOracles)('the chapter’s mlp.params, rebuilt and run on the recorded input', () => {
  const networks = hasOracles
    ? Object.entries(readOracles().files).filter(([, file]) => file.forward && FORMATS.has(file.format))
    : [];

  it('are there for every framework', () => {
    expect(networks.length).toBeGreaterThanOrEqual(8);
  });

  for (const [path] of networks) {
    const checkpoint = `${ORACLES}${path}`;
    const folder = dirname(checkpoint);
    const request = {
      checkpoint: id(checkpoint),
      input: id(`${folder}/X.npy`),
      output: id(`${folder}/Y.npy`),
    };

    it(`give the recorded output: ${path}, with the architecture stated`, async () => {
      const result = await reproduce(checkpoints, { ...request, arch: ARCH });
      expect(result).toMatchObject({ verdict: 'reproduced', cells: 20, arch: ARCH });
      expect(result.maxAbs).toBeLessThan(1e-6);
      expect(result.used).toHaveLength(4);
      const isTensorFlow = path.includes('tensorflow');
      expect(result.used.map(({ layer, transposed }) => [layer, transposed])).toEqual([
        [0, isTensorFlow],
        [0, false],
        [2, isTensorFlow],
        [2, false],
      ]);
    });

    it(`give the recorded output: ${path}, with the architecture told from the file`, async () => {
      const result = await reproduce(checkpoints, request);
      expect(result).toMatchObject({ verdict: 'reproduced', arch: ARCH });
    });

    it(`do not give an output with one cell changed: ${path}`, async () => {
      const changed = readFileSync(`${folder}/Y.npy`);
      const isDouble = changed.includes('<f8');
      const at = changed.byteLength - (isDouble ? 8 : 4) * 7;
      if (isDouble) changed.writeDoubleLE(changed.readDoubleLE(at) + 1e-3, at);
      else changed.writeFloatLE(changed.readFloatLE(at) + 1e-3, at);
      const output = join(scratch, `${path.replace(/\W/g, '-')}.npy`);
      writeFileSync(output, changed);
      const result = await reproduce(checkpoints, { ...request, output: id(output), arch: ARCH });
      expect(result).toMatchObject({ verdict: 'not-reproduced', at: [1, 3] });
      expect(result.maxAbs).toBeCloseTo(1e-3, 5);
    });
  }

  it('needs the tolerance that is asked for', async () => {
    const [path] = networks.find(([name]) => name.startsWith('chapter/pytorch'))!;
    const folder = dirname(`${ORACLES}${path}`);
    const request = {
      checkpoint: id(`${ORACLES}${path}`),
      input: id(`${folder}/X.npy`),
      output: id(`${folder}/Y.npy`),
    };
    const exact = await reproduce(checkpoints, { ...request, tolerance: [0, 0] });
    expect(exact.verdict).toBe(exact.maxUlp === 0 ? 'reproduced' : 'not-reproduced');
    expect(Number(exact.maxUlp)).toBeLessThan(100);
  });

  it('runs doubles as doubles', async () => {
    const folder = `${ORACLES}chapter/numpy`;
    const result = await reproduce(checkpoints, {
      checkpoint: id(`${folder}/mlp.npz`),
      input: id(`${folder}/X.npy`),
      output: id(`${folder}/Y.npy`),
      tolerance: [1e-14, 1e-12],
    });
    expect(result.verdict).toBe('reproduced');
  });
});
