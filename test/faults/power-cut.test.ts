import { describe, expect, it } from 'vitest';

import { createChecker } from '#test/faults/kit/check-state.ts';
import { crashStates } from '#test/faults/kit/crash-states.ts';
import { isFull, report } from '#test/faults/kit/report.ts';
import { record, type Scenario } from '#test/faults/kit/run-scenario.ts';
import { SCENARIOS } from '#test/faults/kit/scenarios.ts';

const totals = { scenarios: 0, states: 0, 'different disks': 0, violations: 0 };

async function tryAll(scenario: Scenario): Promise<readonly string[]> {
  const broken = new Set<string>();
  for (const recording of await record(scenario)) {
    const checker = createChecker(scenario, recording);
    for (const { after, key, image, marks } of crashStates(recording.initial, recording.operations)) {
      totals.states++;
      for (const promise of await checker.check(key, image, marks))
        broken.add(`after call ${after}: ${promise}`);
    }
    totals['different disks'] += checker.recovered();
  }
  totals.scenarios++;
  totals.violations += broken.size;
  return [...broken];
}

/** In the suite a part of them; each kind of trouble is among it. */
const CHOSEN = SCENARIOS.filter((_, index) => isFull || index % 6 === 3);

/** Milliseconds: a machine that does something else beside is several times slower. */
const PATIENCE = 300_000;

describe('whatever a power cut leaves on the disk, at whatever moment', () => {
  it.each(CHOSEN.map((scenario) => [scenario.name, scenario] as const))(
    'no promise is broken: %s',
    async (_, scenario) => {
      expect((await tryAll(scenario)).slice(0, 10)).toEqual([]);
    },
    PATIENCE,
  );

  it('and there were enough states to mean something', () => {
    report('power cuts', totals);
    expect(totals.states).toBeGreaterThan(isFull ? 50_000 : 10_000);
    expect(SCENARIOS.length).toBeGreaterThanOrEqual(40);
  });
});
