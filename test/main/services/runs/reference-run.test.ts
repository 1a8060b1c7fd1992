import { join } from 'node:path';
import { expect, it } from 'vitest';

import { runBench } from '#test/kit/run-service.ts';
import {
  REFERENCE_CONFIG,
  REFERENCE_DIGEST,
  REFERENCE_STEPS,
  tensorDigest,
} from '#test/kit/reference-run.ts';

it('the reference run has the bits that it has always had', async () => {
  const bench = await runBench();
  const { snapshot } = await bench.train('reference', { config: REFERENCE_CONFIG, steps: REFERENCE_STEPS });
  // it learns: these are no bits of a network that stands still
  expect(snapshot.validation.at(-1)!.accuracy).toBeGreaterThan(0.5);
  expect(tensorDigest(join(bench.folder, 'reference', 'step-000100.safetensors'))).toBe(REFERENCE_DIGEST);
  await bench.close();
});
