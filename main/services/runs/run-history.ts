import { createDigestChain } from '#main/services/runs/digest-chain.ts';
import type { MemoryRecord } from '#main/trainer/messages.ts';
import { PINNED } from '#main/trainer/save-policy.ts';
import type {
  RunCheckpoint,
  RunEvent,
  RunPoint,
  RunProblem,
  RunState,
  ValidationPoint,
} from '#shared/run.ts';

/** An event with what the log has beside it. */
export type LoggedEvent = RunEvent & {
  readonly memory?: MemoryRecord;
  /** SHA-256 of the checkpoint acknowledged before this one. */
  readonly previous?: string;
};

/** A checkpoint with what training memory held when it was taken. */
export interface CheckpointRecord extends RunCheckpoint {
  readonly memory?: MemoryRecord;
}

/** Everything a run has told so far, from its log or from its thread. */
export interface RunHistory {
  apply(event: LoggedEvent): void;
  /** Updates made, as far as told. */
  step(): number;
  /** Epoch of the last step told. */
  epoch(): number;
  /** How the run ended last; undefined where it has not. */
  end(): RunState | undefined;
  validation(): readonly ValidationPoint[];
  /** In order of steps; of the dropped ones only the newest. */
  checkpoints(): readonly CheckpointRecord[];
  checkpoint(step: number): CheckpointRecord | undefined;
  problems(): readonly RunProblem[];
  /** SHA-256 of the checkpoint told of last. */
  lastDigest(): string | undefined;
  /** Checkpoints whose line names one before it that the log does not have: lines were lost or changed. */
  brokenLinks(): readonly RunProblem[];
  /** The logged points of steps after `step`, at most `count`. */
  pointsAfter(step: number, count: number): readonly RunPoint[];
  /** All points, or every nth where there are too many, the last one always. */
  thinned(): readonly RunPoint[];
}

/** Points that a chart can tell apart. */
const MOST_POINTS = 4000;
/** Dropped checkpoints that are still shown. */
const MOST_DROPPED = 200;
/** Problems that are kept: the first ones tell most. */
const MOST_PROBLEMS = 1000;

export function createHistory(): RunHistory {
  let points: RunPoint[] = [];
  let epoch = 0;
  let end: RunState | undefined;
  let validation: ValidationPoint[] = [];
  const checkpoints = new Map<number, CheckpointRecord>();
  const problems: RunProblem[] = [];
  const chain = createDigestChain();

  function change(step: number, change: Partial<CheckpointRecord>): void {
    const known = checkpoints.get(step);
    if (known) checkpoints.set(step, { ...known, ...change });
  }

  function pin(step: number, isPinned: boolean): void {
    const known = checkpoints.get(step);
    if (!known) return;
    // its reasons are told anew with the next save only
    const others = known.reasons.filter((reason) => reason !== PINNED);
    checkpoints.set(step, { ...known, isPinned, reasons: isPinned ? [...others, PINNED] : others });
  }

  function forgetDropped(): void {
    const dropped = [...checkpoints.values()].filter(({ status }) => status === 'dropped');
    for (const { step } of dropped.slice(0, -MOST_DROPPED)) checkpoints.delete(step);
  }

  const lastStep = () => points[points.length - 1]?.step ?? 0;

  return {
    apply: (event) => {
      // a pin may come after the end, by somebody who does not train
      if (!['done', 'problem', 'pinned'].includes(event.event)) end = undefined;
      switch (event.event) {
        case 'step': {
          const { step, loss, accuracy } = event;
          const scored = accuracy === undefined ? {} : { accuracy };
          points.push({ step, loss, ...scored });
          epoch = event.epoch;
          if (event.validation) validation.push({ step, epoch, ...event.validation });
          return;
        }
        case 'checkpoint': {
          const { step, file, sha256, byteLength, memory, score } = event;
          chain.add(event);
          const record = { step, file, sha256, byteLength, status: 'kept' as const, reasons: [] };
          checkpoints.set(step, {
            ...record,
            ...(memory ? { memory } : {}),
            ...(score === undefined ? {} : { score }),
          });
          return;
        }
        case 'pinned':
          return pin(event.step, event.isPinned);
        case 'kept':
          return change(event.step, { reasons: event.reasons });
        case 'dropped':
          change(event.step, { status: 'dropped', reasons: [event.reason] });
          return forgetDropped();
        case 'resumed':
          // what came after the checkpoint is trained again, and told again
          points = points.filter(({ step }) => step <= event.step);
          validation = validation.filter(({ step }) => step <= event.step);
          return;
        case 'problem': {
          const { event: _, ...problem } = event;
          if (problems.length < MOST_PROBLEMS) problems.push(problem);
          if (problem.code === 'checkpoint-damaged') {
            change(problem.step, { status: 'damaged', reasons: [problem.message] });
          }
          return;
        }
        case 'done':
          end = event.state;
          return;
        case 'killed':
        case 'drill':
        // of a drill, which is about two runs
      }
    },
    step: lastStep,
    epoch: () => epoch,
    end: () => end,
    validation: () => validation,
    checkpoints: () => [...checkpoints.values()].sort((a, b) => a.step - b.step),
    checkpoint: (step) => checkpoints.get(step),
    problems: () => problems,
    lastDigest: chain.last,
    brokenLinks: chain.broken,
    pointsAfter: (step, count) => {
      const first = points.findIndex((point) => point.step > step);
      return first < 0 ? [] : points.slice(first, first + count);
    },
    thinned: () => {
      const stride = Math.ceil(points.length / MOST_POINTS);
      if (stride <= 1) return points.slice();
      return points.filter((_, index) => index % stride === 0 || index === points.length - 1);
    },
  };
}
