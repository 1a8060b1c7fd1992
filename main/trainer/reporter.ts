import type { RunEvent } from '#shared/run.ts';

/** What is told outwards, and how often: steps in batches, everything else at once. */
export interface Reporter {
  step(event: RunEvent & { readonly event: 'step' }): void;
  /** Tells an event, with all steps before it. */
  tell(event: RunEvent): void;
  /** Tells what has gathered if it is time to. Call it between slices. */
  tick(): void;
  /** Tells what has gathered, and the state, now. */
  flush(): void;
  /** Forgets the time that stood still. */
  restartRate(): void;
}

export interface Report {
  readonly stepsPerSecond: number;
  readonly events: readonly RunEvent[];
}

/** Ten updates a second are as many as a screen needs. */
const INTERVAL = 100;
/** Milliseconds that the step rate is taken over. */
const RATE_SPAN = 1000;

/**
 * @param now milliseconds by a clock that never jumps.
 * @param send where reports go.
 * @param currentStep updates made, for the rate.
 */
export function createReporter(
  now: () => number,
  send: (report: Report) => void,
  currentStep: () => number,
): Reporter {
  let gathered: RunEvent[] = [];
  let lastSent = now();
  let marks: { readonly time: number; readonly step: number }[] = [];

  function rate(): number {
    const time = now();
    const step = currentStep();
    marks.push({ time, step });
    while (marks.length > 2 && time - marks[1]!.time > RATE_SPAN) marks.shift();
    const first = marks[0]!;
    return time > first.time ? ((step - first.step) * 1000) / (time - first.time) : 0;
  }

  function flush(): void {
    const events = gathered;
    gathered = [];
    lastSent = now();
    send({ stepsPerSecond: rate(), events });
  }

  return {
    step: (event) => void gathered.push(event),
    tell: (event) => {
      gathered.push(event);
      flush();
    },
    tick: () => {
      if (now() - lastSent >= INTERVAL) flush();
    },
    flush,
    restartRate: () => {
      marks = [{ time: now(), step: currentStep() }];
    },
  };
}
