import { createHash } from 'node:crypto';

import type { FileSystem } from '#main/bytes/file-system.ts';
import type { RunPlace } from '#main/services/runs/run-place.ts';
import { startInline, type StartTrainer } from '#main/services/runs/run-threads.ts';
import { createRuns } from '#main/services/runs/runs.ts';
import { channelPair, type Channel } from '#main/trainer/channel.ts';
import type { FromSaver, ToSaver } from '#main/trainer/messages.ts';
import { runSaver, type SavingPlace } from '#main/trainer/saver.ts';
import { runTrainer } from '#main/trainer/worker.ts';
import { parseRunConfig, type RunConfigInput } from '#shared/commands/run-config.ts';
import { isAppError, type AppError } from '#shared/errors.ts';
import type { RunConfig, RunEvent } from '#shared/run.ts';
import { recordingDisk, withWrites, type Operation } from '#test/faults/kit/recording-disk.ts';

/** One thing that happens to a run, in order. */
export interface Stage {
  /** Trains to this step, resuming where there is a run. */
  readonly steps: number;
  /** Lets calls fail on the way: which error for call `count` of this kind, from 1. */
  readonly failureAt?: (count: number, call: keyof FileSystem) => string | undefined;
}

export interface Scenario {
  readonly name: string;
  readonly config: RunConfigInput;
  readonly stages: readonly Stage[];
  /** In the folder before anything happens, and none of ours. */
  readonly foreign?: Readonly<Record<string, string>>;
  /** Damages a checkpoint of this step between the first stage and the second. */
  readonly damagedStep?: number;
}

/** What was told on the way: a checkpoint that a person relies on from then on. */
export interface Acknowledged {
  readonly step: number;
  readonly sha256: string;
}

/** A way to break the protocol: tests are held against it. */
export interface Mutant {
  readonly system?: (of: FileSystem) => FileSystem;
  /** Sees what is on the disk after each stage. */
  readonly onImage?: (image: ReadonlyMap<string, Uint8Array>) => void;
  readonly saver?: (channel: Channel<ToSaver, FromSaver>, of: FileSystem) => Channel<ToSaver, FromSaver>;
}

/** The part of a scenario from one start of the process to the next: what was on the disk, and what was done to it. */
export interface Recording {
  readonly initial: ReadonlyMap<string, Uint8Array>;
  readonly operations: readonly Operation<Acknowledged>[];
  /** Told before this part began. */
  readonly told: readonly Acknowledged[];
}

const PATH = '/run';

export function configOf(scenario: Scenario): RunConfig {
  return parseRunConfig(
    { layers: [3, 4, 2], batchSize: 4, optimizer: { name: 'sgd' }, ...scenario.config },
    'the scenario',
  );
}

/** Plays a scenario with the product's own code on a disk in memory. */
export async function record(
  scenario: Scenario,
  mutant: Mutant = {},
  alsoTell: (event: RunEvent) => void = () => {},
  onRefusal: (error: AppError) => void = () => {},
): Promise<readonly Recording[]> {
  const recordings: Recording[] = [];
  let image: ReadonlyMap<string, Uint8Array> = new Map(
    Object.entries(scenario.foreign ?? {}).map(([name, text]) => [name, Buffer.from(text)]),
  );
  const told: Acknowledged[] = [];
  for (const [index, stage] of scenario.stages.entries()) {
    if (index === 1 && scenario.damagedStep !== undefined) image = damaged(image, scenario.damagedStep);
    const disk = recordingDisk<Acknowledged>(image);
    const before = told.slice();
    const system = withFailures(mutant.system?.(disk.system) ?? disk.system, stage);
    const isLast = index === scenario.stages.length - 1;
    const onEvent = (event: RunEvent) => {
      if (isLast) alsoTell(event);
      if (event.event !== 'checkpoint') return;
      const acknowledged = { step: event.step, sha256: event.sha256 };
      told.push(acknowledged);
      disk.mark(acknowledged);
    };
    const place = placeOn(disk.folder, system);
    await trainOn(place, starter(system, mutant), scenario, stage, onEvent).catch((error: unknown) => {
      // a run whose last save failed has told so; what it leaves behind is what is looked at
      if (!isAppError(error) || error.code === 'internal') throw error;
      onRefusal(error);
    });
    recordings.push({ initial: image, operations: disk.operations, told: before });
    image = disk.image();
    mutant.onImage?.(image);
  }
  return recordings;
}

/** A folder on such a disk, with nobody else who might write there. */
export function placeOn(read: RunPlace['read'], system: FileSystem): RunPlace {
  return {
    path: PATH,
    read,
    system,
    claim: async () => ({ release: () => {} }),
    writer: async () => undefined,
  };
}

async function trainOn(
  place: RunPlace,
  startTrainer: StartTrainer,
  scenario: Scenario,
  { steps }: Stage,
  onEvent: (event: RunEvent) => void,
): Promise<void> {
  const runs = createRuns({
    options: { resourceFolder: PATH },
    files: {
      grant: () => ({ file: 'run', name: 'run' }),
      pathOf: () => PATH,
      isGranted: () => true,
    },
    startTrainer,
    placeOf: () => place,
  });
  const request = { config: configOf(scenario), folder: 'run' as never, steps, isResumed: true };
  await runs.train(request, onEvent, new AbortController().signal);
}

/** Every look at the clock is a little later than the one before: what waits for a retry does not hold up the test. */
function quickClock(): () => number {
  let time = 0;
  return () => (time += 50);
}

function starter(system: FileSystem, mutant: Mutant): StartTrainer {
  const { saver } = mutant;
  if (!saver) return (place) => startInline(place, system, quickClock());
  return (place: SavingPlace) => {
    const [outside, inside] = channelPair<never, never>() as unknown as readonly [
      ReturnType<StartTrainer>,
      Parameters<typeof runTrainer>[0],
    ];
    runTrainer(
      inside,
      () => {
        const [trainerEnd, saverEnd] = channelPair<FromSaver, ToSaver>();
        runSaver(saver(saverEnd, system), place, system);
        return trainerEnd;
      },
      quickClock(),
    );
    return outside;
  };
}

/** Instead of an error's code: a write takes half of what it is given. */
export const SHORT = 'short';

type WriteArguments = Parameters<FileSystem['write']>;

function halfOf([descriptor, bytes, position]: WriteArguments): WriteArguments {
  return [descriptor, bytes.subarray(0, Math.ceil(bytes.byteLength / 2)), position];
}

function withFailures(of: FileSystem, { failureAt }: Stage): FileSystem {
  if (!failureAt) return of;
  const counts = new Map<keyof FileSystem, number>();
  const through = <Name extends keyof FileSystem>(name: Name) =>
    ((...args: readonly unknown[]) => {
      const count = (counts.get(name) ?? 0) + 1;
      counts.set(name, count);
      const code = failureAt(count, name);
      if (code === SHORT && name === 'write') return of.write(...halfOf(args as WriteArguments));
      if (code !== undefined) throw Object.assign(new Error(code), { code });
      return (of[name] as (...args: readonly unknown[]) => unknown)(...args);
    }) as FileSystem[Name];
  return Object.fromEntries(
    (Object.keys(of) as (keyof FileSystem)[]).map((name) => [name, through(name)]),
  ) as unknown as FileSystem;
}

function damaged(image: ReadonlyMap<string, Uint8Array>, step: number): ReadonlyMap<string, Uint8Array> {
  const name = `step-${String(step).padStart(6, '0')}.safetensors`;
  const bytes = image.get(name)?.slice();
  if (!bytes) throw new Error(`the scenario has no ${name} to damage`);
  bytes[bytes.byteLength - 5]! ^= 0x10;
  return new Map([...image, [name, bytes]]);
}

/** By name, the SHA-256 of every content that a checkpoint's name was given with all its writes there. */
export function wholeCheckpoints({
  initial,
  operations,
}: Recording): ReadonlyMap<string, ReadonlySet<string>> {
  const whole = new Map<string, Set<string>>();
  const contents: Uint8Array[] = [...initial.values()];
  const isCheckpoint = (name: string) => /^step-\d+\.safetensors$/.test(name);
  const add = (name: string, bytes: Uint8Array) => {
    if (isCheckpoint(name)) whole.set(name, (whole.get(name) ?? new Set()).add(sha256(bytes)));
  };
  for (const [name, bytes] of initial) add(name, bytes);
  const names = new Map<number, string>();
  for (const operation of operations) {
    if (operation.kind === 'write') {
      const { inode } = operation;
      contents[inode] = withWrites(contents[inode] ?? new Uint8Array(0), [operation]);
      // a file that is written in place has its name first
      const name = names.get(inode);
      if (name !== undefined) add(name, contents[inode]);
    } else if (operation.kind === 'link') {
      names.set(operation.inode, operation.name);
      add(operation.name, contents[operation.inode] ?? Buffer.alloc(0));
    }
  }
  return whole;
}

/** What is on the disk when everything has reached it. */
export function imageAfter({ initial, operations }: Recording): ReadonlyMap<string, Uint8Array> {
  const contents: Uint8Array[] = [...initial.values()];
  const names = new Map([...initial.keys()].map((name, inode) => [name, inode]));
  for (const operation of operations) {
    if (operation.kind === 'link') {
      contents[operation.inode] ??= new Uint8Array(0);
      names.set(operation.name, operation.inode);
    } else if (operation.kind === 'remove') names.delete(operation.name);
    else if (operation.kind === 'write') {
      contents[operation.inode] = withWrites(contents[operation.inode]!, [operation]);
    }
  }
  return new Map([...names].map(([name, inode]) => [name, contents[inode]!]));
}

export function sha256(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex');
}
