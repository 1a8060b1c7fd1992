import { describe, expect, it } from 'vitest';

import { createChecker } from '#test/faults/kit/check-state.ts';
import { crashStates } from '#test/faults/kit/crash-states.ts';
import { MUTANTS, type PlantedMutant } from '#test/faults/kit/mutants.ts';
import { isFull, report } from '#test/faults/kit/report.ts';
import { record, type Scenario } from '#test/faults/kit/run-scenario.ts';

/** Three checkpoints of which two stay, then more steps than were wanted at first: every part of the protocol takes part. */
const SCENARIO: Scenario = {
  name: 'for the mutants',
  config: { layers: [3, 2], checkpoint: { everySteps: 1, keepLast: 2 } },
  stages: [{ steps: 3 }, { steps: 4 }],
};

async function violationsOf({ recover, ...mutant }: PlantedMutant): Promise<{
  readonly bad: number;
  readonly states: number;
}> {
  let bad = 0;
  let states = 0;
  for (const recording of await record(SCENARIO, mutant)) {
    const checker = createChecker(SCENARIO, recording, recover);
    for (const { key, image, marks } of crashStates(recording.initial, recording.operations)) {
      states++;
      if ((await checker.check(key, image, marks)).length > 0) bad++;
      // how many there are is worth knowing, but one will do
      if (bad > 0 && !isFull) return { bad, states };
    }
  }
  return { bad, states };
}

/** Milliseconds: a machine that does something else beside is several times slower. */
const PATIENCE = 300_000;

describe('a protocol that is broken on purpose is caught', () => {
  it(
    'while the genuine one is not',
    async () => {
      expect((await violationsOf({ name: 'none' })).bad).toBe(0);
    },
    PATIENCE,
  );

  it.each(MUTANTS.map((mutant) => [mutant.name, mutant] as const))(
    '%s',
    async (name, mutant) => {
      const { bad, states } = await violationsOf(mutant);
      report(`mutant "${name}"`, { 'states that break a promise': bad, 'of states': states });
      expect(bad).toBeGreaterThan(0);
    },
    PATIENCE,
  );
});
