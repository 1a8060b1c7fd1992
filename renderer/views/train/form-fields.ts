/** Every setting of a run as a row of a table: where it stands, what it is called, how it is asked for. */
import { DEFAULT_NEGATIVE_SLOPE, INITIALIZERS, LOSSES, OPTIMIZERS, SCHEDULES } from '#shared/run.ts';

export type SectionName = 'network' | 'data' | 'training' | 'schedule' | 'care' | 'checkpoints' | 'place';

export interface RunField {
  /** Path in the configuration, such as `optimizer.learningRate`. */
  readonly path: string;
  readonly section: SectionName;
  readonly label: string;
  readonly kind: 'whole' | 'number' | 'choice' | 'switch' | 'widths' | 'activations' | 'pair' | 'text';
  readonly choices?: readonly string[];
  readonly unit?: string;
  /** What it does, for those who do not know the word. */
  readonly hint?: string;
  /** What it is where the configuration does not say: without it, the field is always there. */
  readonly absent?: string | boolean;
  /** Asked for only where this holds. Without it: always. */
  readonly applies?: (draft: Draft) => boolean;
}

/** What stands in the form, by path: texts as typed, so that half-written numbers survive. */
export type Draft = Readonly<Record<string, string | boolean>>;

export interface RunSection {
  readonly name: SectionName;
  readonly title: string;
}

export const SECTIONS: readonly RunSection[] = [
  { name: 'network', title: 'Network' },
  { name: 'data', title: 'Data' },
  { name: 'training', title: 'Training' },
  { name: 'schedule', title: 'Learning-rate schedule' },
  { name: 'care', title: 'Averaging, limits and early stop' },
  { name: 'checkpoints', title: 'Checkpoints' },
  { name: 'place', title: 'Name and place' },
];

export const FIELDS: readonly RunField[] = [
  {
    path: 'layers',
    section: 'network',
    label: 'Layer widths',
    kind: 'widths',
    hint: 'inputs first, outputs last',
  },
  { path: 'activation', section: 'network', label: 'Activation', kind: 'activations' },
  {
    path: 'negativeSlope',
    section: 'network',
    label: 'Leaky slope',
    kind: 'number',
    hint: 'the factor of what is below 0',
    absent: String(DEFAULT_NEGATIVE_SLOPE),
    applies: (draft) => String(draft['activation']).includes('leaky-relu'),
  },
  {
    path: 'initializer',
    section: 'network',
    label: 'Initializer',
    kind: 'choice',
    choices: INITIALIZERS,
    applies: (draft) => draft['startFrom'] === '',
  },
  {
    path: 'dropout',
    section: 'network',
    label: 'Dropout',
    kind: 'number',
    hint: 'share of hidden elements left out, 0 for none',
  },

  {
    path: 'data.validation',
    section: 'data',
    label: 'Held out',
    kind: 'number',
    hint: 'a share below 1',
  },
  { path: 'batchSize', section: 'data', label: 'Batch size', kind: 'whole' },
  {
    path: 'accumulate',
    section: 'data',
    label: 'Batches to a step',
    kind: 'whole',
    hint: 'their gradients are added up',
  },
  { path: 'seed', section: 'data', label: 'Seed', kind: 'whole', hint: 'starts all randomness' },

  { path: 'loss', section: 'training', label: 'Loss', kind: 'choice', choices: LOSSES },
  {
    path: 'labelSmoothing',
    section: 'training',
    label: 'Label smoothing',
    kind: 'number',
    applies: (draft) => draft['loss'] === 'cross-entropy',
  },
  { path: 'optimizer.name', section: 'training', label: 'Optimizer', kind: 'choice', choices: OPTIMIZERS },
  { path: 'optimizer.learningRate', section: 'training', label: 'Learning rate', kind: 'number' },
  { path: 'optimizer.weightDecay', section: 'training', label: 'Weight decay', kind: 'number' },
  { path: 'optimizer.momentum', section: 'training', label: 'Momentum', kind: 'number' },
  { path: 'optimizer.dampening', section: 'training', label: 'Dampening', kind: 'number' },
  { path: 'optimizer.nesterov', section: 'training', label: 'Nesterov', kind: 'switch' },
  { path: 'optimizer.betas', section: 'training', label: 'Betas', kind: 'pair' },
  { path: 'optimizer.eps', section: 'training', label: 'Epsilon', kind: 'number' },
  { path: 'optimizer.amsgrad', section: 'training', label: 'AMSGrad', kind: 'switch' },
  { path: 'optimizer.alpha', section: 'training', label: 'Alpha', kind: 'number' },
  { path: 'optimizer.centered', section: 'training', label: 'Centered', kind: 'switch' },
  {
    path: 'optimizer.learningRateDecay',
    section: 'training',
    label: 'Learning rate decay',
    kind: 'number',
  },
  { path: 'epochs', section: 'training', label: 'Epochs', kind: 'whole' },
  { path: 'steps', section: 'training', label: 'Stop at step', kind: 'whole', hint: 'empty: by epochs' },

  { path: 'schedule.name', section: 'schedule', label: 'Schedule', kind: 'choice', choices: SCHEDULES },
  {
    path: 'schedule.stepSize',
    section: 'schedule',
    label: 'Falls every',
    kind: 'whole',
    unit: 'steps',
  },
  {
    path: 'schedule.gamma',
    section: 'schedule',
    label: 'Factor of a fall',
    kind: 'number',
  },
  {
    path: 'schedule.tMax',
    section: 'schedule',
    label: 'Down within',
    kind: 'whole',
    unit: 'steps',
    hint: '0 for all epochs',
  },
  { path: 'schedule.etaMin', section: 'schedule', label: 'Lowest rate', kind: 'number' },
  {
    path: 'schedule.warmupSteps',
    section: 'schedule',
    label: 'Warm-up',
    kind: 'whole',
    unit: 'steps',
    hint: '0 for none',
  },
  {
    path: 'schedule.startFactor',
    section: 'schedule',
    label: 'Warm-up starts at',
    kind: 'number',
    hint: 'a share of the rate',
    applies: (draft) => Number(draft['schedule.warmupSteps']) > 0,
  },

  {
    path: 'ema',
    section: 'care',
    label: 'Averaging decay (EMA)',
    kind: 'number',
    hint: 'such as 0.999; 0 for none',
  },
  {
    path: 'clipNorm',
    section: 'care',
    label: 'Clip gradient norm',
    kind: 'number',
    hint: '0 for no limit',
  },
  {
    path: 'earlyStop.patience',
    section: 'care',
    label: 'Early stop after',
    kind: 'whole',
    unit: 'epochs',
    hint: 'without gain; 0 for never',
  },
  {
    path: 'earlyStop.minDelta',
    section: 'care',
    label: 'Least gain that counts',
    kind: 'number',
    applies: (draft) => Number(draft['earlyStop.patience']) > 0,
  },
  {
    path: 'stopOnNonFinite',
    section: 'care',
    label: 'Stop where the loss is no number',
    kind: 'switch',
    hint: 'before that step spoils the parameters; otherwise it is told, and training goes on',
    absent: false,
  },

  {
    path: 'checkpoint.everySteps',
    section: 'checkpoints',
    label: 'Every',
    kind: 'whole',
    unit: 'steps',
    hint: '0 for never',
  },
  {
    path: 'checkpoint.everySeconds',
    section: 'checkpoints',
    label: 'Every',
    kind: 'number',
    unit: 'seconds',
    hint: '0 for never',
  },
  {
    path: 'checkpoint.everyEpochs',
    section: 'checkpoints',
    label: 'Every',
    kind: 'whole',
    unit: 'epochs',
    hint: '0 for never',
  },
  {
    path: 'checkpoint.best',
    section: 'checkpoints',
    label: 'When best so far',
    kind: 'switch',
    hint: 'by the loss on unseen data',
  },
  {
    path: 'checkpoint.onError',
    section: 'checkpoints',
    label: 'When training fails',
    kind: 'switch',
    hint: 'the last whole step is saved',
    absent: true,
  },
  {
    path: 'checkpoint.keepLast',
    section: 'checkpoints',
    label: 'Keep the last',
    kind: 'whole',
    hint: 'at least 2',
  },
  {
    path: 'checkpoint.keepTop',
    section: 'checkpoints',
    label: 'Keep the best',
    kind: 'whole',
    hint: 'of those saved where unseen data were tried; 0 for none',
  },
  {
    path: 'checkpoint.keepEvery',
    section: 'checkpoints',
    label: 'Keep multiples',
    kind: 'whole',
    unit: 'steps',
    hint: 'kept for good; 0 for none',
  },

  {
    path: 'name',
    section: 'place',
    label: 'Name',
    kind: 'text',
    hint: 'empty: named for the moment it starts',
  },
];
