import type { Scenario } from '#test/faults/kit/run-scenario.ts';

const EVERY_STEP = { everySteps: 1, keepLast: 2 } as const;

/** Files that are somebody else's, some with names much like ours. */
const FOREIGN = {
  'notes.txt': 'mine',
  'step-5.safetensors': 'mine too',
  'step-000001.safetensors.bak': 'and this',
  '.paramscope-ffff-1.tmp': 'of another run',
} as const;

const failing =
  (call: string, at: number | readonly [number, number], code: string) =>
  (count: number, name: string): string | undefined => {
    const [first, last] = typeof at === 'number' ? [at, at] : at;
    return name === call && count >= first && count <= last ? code : undefined;
  };

const plain = (name: string, checkpoint: Scenario['config']['checkpoint'], ...steps: number[]): Scenario => ({
  name,
  config: { checkpoint },
  stages: steps.map((step) => ({ steps: step })),
});

const withFailure = (
  name: string,
  failureAt: NonNullable<Scenario['stages'][number]['failureAt']>,
  steps = 5,
): Scenario => ({
  name: `${name} on the way`,
  config: { checkpoint: EVERY_STEP },
  stages: [{ steps, failureAt }],
  foreign: FOREIGN,
});

/** The networks differ in how many writes a checkpoint takes. */
const NETWORKS = [
  ['one layer', { layers: [3, 2] }],
  ['momentum', { optimizer: { name: 'momentum' } }],
  ['Adam', { layers: [3, 2], optimizer: { name: 'adam' } }],
  ['three layers', { layers: [3, 4, 4, 2] }],
] as const satisfies readonly (readonly [string, Scenario['config']])[];

export const SCENARIOS: readonly Scenario[] = [
  plain('one checkpoint', EVERY_STEP, 1),
  plain('two checkpoints', EVERY_STEP, 2),
  plain('three, of which two stay', EVERY_STEP, 3),
  plain('six, of which two stay', EVERY_STEP, 6),
  plain('six, of which three stay', { everySteps: 1, keepLast: 3 }, 6),
  plain('six that all stay', { everySteps: 1, keepLast: 9 }, 6),
  plain('every second step, and the last', { everySteps: 2, keepLast: 2 }, 5),
  plain('multiples of three for good', { everySteps: 1, keepLast: 2, keepEvery: 3 }, 7),
  plain('the last step alone', { everySteps: 0, keepLast: 2 }, 4),
  {
    ...plain('the best beside the newest', {}, 8),
    config: { batchSize: 1600, checkpoint: { everySteps: 1, keepLast: 2, keepTop: 1, best: true } },
  },
  plain('resumed once', EVERY_STEP, 2, 5),
  plain('resumed twice', EVERY_STEP, 2, 4, 6),
  plain('resumed with all kept', { everySteps: 1, keepLast: 9 }, 2, 4),
  plain('resumed for one step', { everySteps: 3, keepLast: 2 }, 3, 4),
  plain('resumed where nothing is left to do', EVERY_STEP, 3, 3),
  plain('resumed again and again', EVERY_STEP, 1, 2, 3, 4),
  ...NETWORKS.flatMap(([name, network]) => [
    { ...plain(`${name}, fresh`, EVERY_STEP, 3), config: { ...network, checkpoint: EVERY_STEP } },
    { ...plain(`${name}, resumed`, EVERY_STEP, 2, 4), config: { ...network, checkpoint: EVERY_STEP } },
  ]),
  { ...plain('beside foreign files', EVERY_STEP, 4), foreign: FOREIGN },
  { ...plain('resumed beside foreign files', EVERY_STEP, 2, 5), foreign: FOREIGN },
  { ...plain('the newest is damaged', EVERY_STEP, 3, 5), damagedStep: 3 },
  { ...plain('the one before is damaged', EVERY_STEP, 3, 5), damagedStep: 2 },
  {
    ...plain('the newest of many is damaged', { everySteps: 1, keepLast: 4 }, 4, 5),
    damagedStep: 4,
    foreign: FOREIGN,
  },
  withFailure('a sync fails', failing('fsync', 5, 'EIO')),
  withFailure('a sync of the folder fails', failing('fsync', 6, 'EIO')),
  withFailure('many syncs fail', failing('fsync', [5, 7], 'EIO'), 6),
  withFailure('the disk is full at a write', failing('write', 9, 'ENOSPC')),
  withFailure('the disk is full for a while', failing('write', [8, 20], 'ENOSPC'), 6),
  withFailure('the quota is used up', failing('create', [3, 4], 'EDQUOT')),
  withFailure('no file can be opened', failing('create', 4, 'EMFILE')),
  withFailure('the renaming fails', failing('rename', 3, 'EROFS')),
  withFailure('the log cannot be written', failing('openToAppend', [1, 3], 'EACCES')),
  withFailure('old ones cannot be deleted', failing('unlink', [1, 2], 'EACCES'), 6),
  withFailure('the folder cannot be opened', failing('openFolder', 3, 'EMFILE')),
  withFailure('reading back fails', failing('read', 4, 'EIO')),
  withFailure('writes are interrupted', failing('write', [6, 12], 'EINTR')),
];
