import { joinTrainingModule, LEFT_ROWS, RIGHT_BYTES } from '#main/kernels/training-module.ts';
import type { Mlp } from '#main/trainer/mlp.ts';
import {
  PHASES,
  unitsOf,
  type Phase,
  type StepMaterial,
  type StepMoment,
  type Units,
} from '#main/trainer/units.ts';
import { createPanels, type Panels } from '#main/trainer/workspace.ts';
import { AppError } from '#shared/errors.ts';
import type { RunConfig } from '#shared/run.ts';

/** Threads that share a step's units. The leader is the trainer's own thread, which works on its own where no helper has come yet. */
export interface Team {
  readonly threads: number;
  /** Runs all units of a phase; returns when the last is done. */
  run(phase: Phase, moment: StepMoment): void;
  /** What each helper is started with; it can be sent to a thread. */
  readonly helpers: readonly HelperMaterial[];
  /** Sends the helpers home. */
  end(): void;
}

/** Views of the shared memory, and what they mean. */
export interface HelperMaterial {
  readonly memory: WebAssembly.Memory;
  /** The network without the leader's instance. */
  readonly material: Omit<StepMaterial, 'mlp'> & { readonly mlp: Omit<Mlp, 'memory'> };
  readonly panels: Panels;
  /** Address of the instance's scratch. */
  readonly scratch: number;
  readonly board: Board;
  readonly threads: number;
}

/** Where the leader writes what is to be done. */
interface Board {
  readonly words: Int32Array;
  readonly numbers: Float64Array;
}

// words of the board
/** Phases begun so far, and in the lower bits the next unit: one word, so that no unit of a phase gone by is taken. */
const TICKET = 0;
const DONE = 1;
const PHASE = 2;
const ROWS = 3;
const TOTAL = 4;
const BEFORE = 5;
const HAS_FAILED = 6;
const WORDS = 8;
// numbers of the board
const STEP = 0;
const RATE = 1;
const NUMBERS = 2;

const UNIT_BITS = 12;
/** The unit of a ticket that has none to take, while the board is being written. */
const CLOSED = 2 ** UNIT_BITS - 1;
/** A phase that tells helpers to end. */
const HOME = -1;
/** Milliseconds after which a helper that does not answer is taken for dead: a unit takes some ten at most. */
const PATIENCE = 60_000;
/** Multiplications of a step from which several threads are faster than one. */
const WORTHWHILE_PRODUCTS = 20_000_000;

/** How many threads a step of this size is worth, of those that there are. */
export function threadsFor({ layers, batchSize }: RunConfig, available: number): number {
  const products = layers
    .slice(1)
    .reduce((sum, width, index) => sum + 3 * width * layers[index]! * batchSize, 0);
  return products < WORTHWHILE_PRODUCTS ? 1 : Math.max(1, available);
}

export function createTeam(material: StepMaterial, threads: number): Team {
  const { mlp, workspace, config } = material;
  const { memory } = mlp;
  const { buffer } = memory.memory;
  const board: Board = {
    words: new Int32Array(buffer, memory.reserve(WORDS * 4), WORDS),
    numbers: new Float64Array(buffer, memory.reserve(NUMBERS * 8), NUMBERS),
  };
  const { memory: _, ...plainMlp } = mlp;
  const helpers = Array.from({ length: threads - 1 }, (): HelperMaterial => {
    const panels = createPanels(mlp, config.batchSize, true);
    const scratch = memory.reserve(LEFT_ROWS * RIGHT_BYTES);
    return {
      memory: memory.memory,
      material: { ...material, mlp: plainMlp },
      panels,
      scratch,
      board,
      threads,
    };
  });
  const units = unitsOf(material, threads);
  const { words } = board;
  let begun = 0;
  Atomics.store(words, TICKET, CLOSED);

  return {
    threads,
    helpers,
    run: (phase, moment) => {
      const count = units.count(phase, moment.rows);
      if (threads === 1) {
        for (let unit = 0; unit < count; unit++) units.run(phase, unit, moment, workspace.panels);
        return;
      }
      if (count >= CLOSED) throw new AppError('limit', 'the network has too many layers for several threads');
      begin(board, ++begun, PHASES.indexOf(phase), moment);
      takeUnits(board, units, workspace.panels, Atomics.load(words, TICKET));
      for (let done = Atomics.load(words, DONE); done < count; done = Atomics.load(words, DONE)) {
        if (Atomics.wait(words, DONE, done, PATIENCE) === 'timed-out') throw notAnswering();
      }
      if (Atomics.load(words, HAS_FAILED) !== 0) throw notAnswering();
    },
    end: () => begin(board, ++begun, HOME, { step: 0, learningRate: 0, rows: 0, total: 0, before: 0 }),
  };
}

/** Works on a leader's units until it is sent home. Blocks its thread. */
export function helpTeam({ memory, material, panels, scratch, board, threads }: HelperMaterial): void {
  const module = joinTrainingModule(memory, scratch);
  const reserve = (): never => {
    throw new AppError('internal', 'a helper takes no memory');
  };
  const units = unitsOf({ ...material, mlp: { ...material.mlp, memory: { ...module, reserve } } }, threads);
  const { words } = board;
  while (Atomics.load(words, PHASE) !== HOME) {
    try {
      const empty = takeUnits(board, units, panels, Atomics.load(words, TICKET));
      // the ticket that sends home is the last: there is nothing to wait for after it
      if (Atomics.load(words, PHASE) !== HOME) Atomics.wait(words, TICKET, empty);
    } catch (error) {
      Atomics.store(words, HAS_FAILED, 1);
      // the unit counts as done, so that the leader wakes to see it
      finishUnit(words);
      throw error;
    }
  }
}

function begin({ words, numbers }: Board, turn: number, phase: number, moment: StepMoment): void {
  // nobody takes a unit of what is half written
  Atomics.store(words, TICKET, (turn << UNIT_BITS) | CLOSED);
  Atomics.store(words, PHASE, phase);
  Atomics.store(words, ROWS, moment.rows);
  Atomics.store(words, TOTAL, moment.total);
  Atomics.store(words, BEFORE, moment.before);
  numbers[STEP] = moment.step;
  numbers[RATE] = moment.learningRate;
  Atomics.store(words, DONE, 0);
  // the last store: whoever sees this ticket sees all of the above
  Atomics.store(words, TICKET, turn << UNIT_BITS);
  Atomics.notify(words, TICKET);
}

/** Takes units one by one until none is left. @returns the ticket that had none. */
function takeUnits({ words, numbers }: Board, units: Units, panels: Panels, seen: number): number {
  let ticket = seen;
  for (;;) {
    const phase = PHASES[Atomics.load(words, PHASE)];
    const moment: StepMoment = {
      step: numbers[STEP]!,
      learningRate: numbers[RATE]!,
      rows: Atomics.load(words, ROWS),
      total: Atomics.load(words, TOTAL),
      before: Atomics.load(words, BEFORE),
    };
    const unit = ticket & CLOSED;
    if (phase === undefined || unit >= units.count(phase, moment.rows)) return ticket;
    // where the ticket is still the one seen, what was read is of its phase: that cannot end before this unit is done
    const found = Atomics.compareExchange(words, TICKET, ticket, ticket + 1);
    if (found !== ticket) {
      ticket = found;
      continue;
    }
    units.run(phase, unit, moment, panels);
    finishUnit(words);
    ticket = Atomics.load(words, TICKET);
  }
}

function finishUnit(words: Int32Array): void {
  Atomics.add(words, DONE, 1);
  Atomics.notify(words, DONE);
}

function notAnswering(): AppError {
  return new AppError('internal', 'a thread of the trainer has failed');
}
