/** That a run has the same bits in the engine of the app as in that of the command line. */
import { execFileSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from '@playwright/test';

import { ROOT, newFolder } from '#test/journeys/kit/places.ts';
import {
  REFERENCE_CONFIG,
  REFERENCE_DIGEST,
  REFERENCE_STEPS,
  tensorDigest,
} from '#test/kit/reference-run.ts';

const launch = process.env['PARAMSCOPE_LAUNCH'];
const electron = launch === undefined ? undefined : join(launch, '..', 'dist', 'electron');

/** Trains with the built command line in the engine of `program`. */
function train(program: string, config: object, steps: number): string {
  const folder = newFolder('bits');
  const configPath = join(folder, 'run.json');
  writeFileSync(configPath, JSON.stringify(config));
  const out = join(folder, 'run');
  const parameters = ['train', configPath, '--out', out, '--steps', String(steps), '--quiet'];
  execFileSync(program, [join(ROOT, 'dist', 'paramscope.cjs'), ...parameters], {
    env: { ...process.env, ELECTRON_RUN_AS_NODE: '1' },
    stdio: ['ignore', 'ignore', 'inherit'],
  });
  return tensorDigest(join(out, `step-${String(steps).padStart(6, '0')}.safetensors`));
}

test.skip(electron === undefined, 'PARAMSCOPE_LAUNCH names no Electron');

test('the reference run has the bits in Electron that it has in Node', () => {
  expect(train(electron!, REFERENCE_CONFIG, REFERENCE_STEPS)).toBe(REFERENCE_DIGEST);
});

test('a network that several threads share has them, too', () => {
  const config = { layers: [20, 700, 500, 10], batchSize: 128, checkpoint: { everySteps: 0 } };
  expect(train(electron!, config, 20)).toBe(train(process.execPath, config, 20));
});
