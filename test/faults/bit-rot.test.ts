import { beforeAll, describe, expect, it } from 'vitest';

import { checkpointName } from '#main/trainer/checkpoint-name.ts';
import { recoverRun } from '#main/services/runs/resume-point.ts';
import { countOf, isFull, report } from '#test/faults/kit/report.ts';
import { recordingDisk } from '#test/faults/kit/recording-disk.ts';
import { placeOn, record, type Scenario } from '#test/faults/kit/run-scenario.ts';
import { randomFrom } from '#test/kit/mutation.ts';

const FLIPS = countOf('flips', 400, 10_000);
const NEWEST = checkpointName(3);

const SCENARIO: Scenario = {
  name: 'for bit rot',
  config: { layers: [3, 2], checkpoint: { everySteps: 1, keepLast: 2 } },
  stages: [{ steps: 3 }],
};

let image: ReadonlyMap<string, Uint8Array>;
beforeAll(async () => {
  const disks: ReadonlyMap<string, Uint8Array>[] = [];
  await record(SCENARIO, { onImage: (left) => disks.push(left) });
  image = disks.at(-1)!;
});

/** Starts from a folder whose newest checkpoint is this. @returns what was told of it, or nothing. */
async function recoverWith(bytes: Uint8Array) {
  const disk = recordingDisk<never>(new Map([...image, [NEWEST, bytes]]));
  const { point } = await recoverRun(placeOn(disk.folder, disk.system));
  const [finding] = point.findings;
  return {
    step: point.restored?.state.step,
    named: finding?.event === 'problem' ? finding.file : undefined,
    isKept: Buffer.compare(disk.image().get(`${NEWEST}.damaged`) ?? Buffer.alloc(0), bytes) === 0,
  };
}

const FOUND = { step: 2, named: NEWEST, isKept: true };

describe('a checkpoint that the disk has damaged', () => {
  it('is the newest one while it is whole', async () => {
    expect(await recoverWith(image.get(NEWEST)!)).toEqual({ step: 3, named: undefined, isKept: false });
  });

  it(
    'is found by any single bit, named and kept, and the one before loads',
    async () => {
      const whole = image.get(NEWEST)!;
      const random = randomFrom(7);
      let found = 0;
      for (let flip = 0; flip < FLIPS; flip++) {
        const bit = Math.floor(random() * whole.byteLength * 8);
        const bytes = whole.slice();
        bytes[bit >> 3]! ^= 1 << (bit & 7);
        expect(await recoverWith(bytes), `bit ${bit}`).toEqual(FOUND);
        found++;
      }
      report('single-bit flips', { found, of: FLIPS });
      expect(found).toBe(FLIPS);
    },
    isFull ? 0 : 120_000,
  );

  it(
    'is found wherever it is cut off, or zeroed from there on',
    async () => {
      const whole = image.get(NEWEST)!;
      const stride = isFull ? 1 : 23;
      let found = 0;
      for (let length = 0; length < whole.byteLength; length += stride) {
        expect(await recoverWith(whole.subarray(0, length)), `${length} bytes`).toEqual(FOUND);
        found++;
        // a tail that is zero already is whole
        if (whole.subarray(length).every((byte) => byte === 0)) continue;
        const zeroed = whole.slice().fill(0, length);
        expect(await recoverWith(zeroed), `zeros from byte ${length}`).toEqual(FOUND);
        found++;
      }
      report('truncations and zeroed tails', { found });
    },
    isFull ? 0 : 120_000,
  );
});
