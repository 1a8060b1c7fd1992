/** Between what stands in the form and the configuration the engine takes. */
import { FIELDS, type Draft, type RunField, type SectionName } from '#renderer/views/train/form-fields.ts';
import {
  DEFAULT_RUN_CONFIG,
  MNIST_RUN_CONFIG,
  RUN_CONFIG_SCHEMA,
  defaultOptimizer,
  defaultSchedule,
  parameterCount,
  type RunConfigInput,
} from '#shared/commands/run-config.ts';
import { saveRuleText } from '#renderer/views/train/run-text.ts';
import type { FileId } from '#shared/bridge.ts';
import { formatCount } from '#shared/display.ts';
import {
  OPTIMIZERS,
  SCHEDULES,
  type HeldNetwork,
  type OptimizerName,
  type RunConfig,
  type ScheduleName,
} from '#shared/run.ts';

/** What the form asks to be started, or what stands in its way by field. */
export type FormResult =
  | {
      readonly isValid: true;
      readonly config: RunConfigInput;
      readonly steps?: number;
      readonly name?: string;
    }
  | { readonly isValid: false; readonly errors: Readonly<Record<string, string>> };

/** Where a form may start from. */
export const PRESETS = {
  chapter: { title: 'Chapter’s MLP (20-256-10, random data)', config: DEFAULT_RUN_CONFIG },
  digits: { title: 'MNIST digits (784-256-10)', config: MNIST_RUN_CONFIG },
} as const;

type Issue = NonNullable<ReturnType<typeof RUN_CONFIG_SCHEMA.safeParse>['error']>['issues'][number];

/** A draft that shows this configuration. */
export function draftOf(config: RunConfig): Draft {
  const draft: Record<string, string | boolean> = {
    steps: '',
    name: '',
    'data.source': config.data.source,
    startFrom: config.startFrom ?? '',
  };
  for (const field of FIELDS) {
    const value = valueAt(config, field.path) ?? field.absent;
    if (value === undefined) continue;
    draft[field.path] = shown(value);
  }
  return draft;
}

/** The draft with another optimizer: its own settings at their defaults, since a rate that suits one ruins another. */
export function withOptimizer(draft: Draft, name: OptimizerName): Draft {
  return withGroup(draft, 'optimizer', defaultOptimizer(name));
}

/** The draft with another schedule, the warm-up before it as it was. */
export function withSchedule(draft: Draft, name: ScheduleName): Draft {
  const { ['schedule.warmupSteps']: warmupSteps, ['schedule.startFactor']: startFactor } = draft;
  const changed = withGroup(draft, 'schedule', defaultSchedule(name));
  return {
    ...changed,
    ...(warmupSteps === undefined ? {} : { 'schedule.warmupSteps': warmupSteps }),
    ...(startFactor === undefined ? {} : { 'schedule.startFactor': startFactor }),
  };
}

/** The draft with these settings instead of all that begin alike. */
function withGroup(draft: Draft, group: string, settings: object): Draft {
  const kept = Object.entries(draft).filter(([path]) => !path.startsWith(`${group}.`));
  const own = Object.entries(settings).map(([key, value]) => [`${group}.${key}`, shown(value)]);
  return Object.fromEntries([...kept, ...own]) as Draft;
}

/** The draft with other data; widths that were those of the old data's preset become those of the new. */
export function withSource(draft: Draft, source: string): Draft {
  const own = presetFor(String(draft['data.source']));
  const isOwnWidths = draft['layers'] === own.config.layers.join(', ');
  const layers = isOwnWidths ? presetFor(source).config.layers.join(', ') : draft['layers']!;
  return { ...withWidths(draft, String(layers)), 'data.source': source };
}

/** The draft with other widths; where each hidden layer has an activation, a new layer has that of the last. */
export function withWidths(draft: Draft, layers: string): Draft {
  const changed = { ...draft, layers };
  const names = String(draft['activation']).split(', ');
  if (names.length === 1 || !widthsOf(changed)) return changed;
  const count = Math.max(1, hiddenLayersOf(changed));
  const fitting = Array.from({ length: count }, (_, layer) => names[layer] ?? names.at(-1)!);
  return { ...changed, activation: fitting.join(', ') };
}

/** The draft of a run that starts from a file, with the network in it; activations stay where the file does not say them. */
export function withStart(draft: Draft, file: FileId, network?: HeldNetwork): Draft {
  const started = { ...draft, startFrom: file };
  if (!network) return started;
  const { layers, activation, negativeSlope } = network;
  return {
    ...withWidths(started, layers.join(', ')),
    ...(activation === undefined ? {} : { activation: shown(activation) }),
    ...(negativeSlope === undefined ? {} : { negativeSlope: shown(negativeSlope) }),
  };
}

/** How many layers have an activation; 0 where the widths cannot be read. */
export function hiddenLayersOf(draft: Draft): number {
  return Math.max(0, (widthsOf(draft)?.length ?? 0) - 2);
}

/** The preset that the draft still is, name apart. */
export function presetOf(draft: Draft): keyof typeof PRESETS | undefined {
  const isLike = (config: RunConfig) =>
    Object.entries(draftOf(config)).every(([path, value]) => path === 'name' || draft[path] === value);
  if (isLike(PRESETS.chapter.config)) return 'chapter';
  return isLike(PRESETS.digits.config) ? 'digits' : undefined;
}

/** What a folded section holds, in few words. */
export function summaryOf(section: SectionName, draft: Draft): string | undefined {
  const text = (path: string) => String(draft[path] ?? '');
  switch (section) {
    case 'network': {
      const widths = widthsOf(draft);
      if (!widths || widths.length < 2 || !widths.every((width) => Number.isInteger(width) && width > 0))
        return undefined;
      return `${formatCount(parameterCount(widths))} parameters`;
    }
    case 'training':
      return `${text('optimizer.name')}, rate ${text('optimizer.learningRate')}`;
    case 'schedule':
      return scheduleText(draft);
    case 'care':
      return careText(draft);
    case 'checkpoints':
      return saveRuleText({
        everySteps: Number(text('checkpoint.everySteps')),
        everySeconds: Number(text('checkpoint.everySeconds')),
        everyEpochs: Number(text('checkpoint.everyEpochs')),
      });
    case 'place':
      return text('name') || undefined;
    case 'data':
      return `batches of ${text('batchSize')}`;
  }
}

function scheduleText(draft: Draft): string {
  const name = String(draft['schedule.name'] ?? '');
  const warmup = Number(draft['schedule.warmupSteps']);
  return warmup > 0 ? `${name}, after ${formatCount(warmup)} steps of warm-up` : name;
}

/** The measures that are on. */
function careText(draft: Draft): string | undefined {
  const measures: readonly (readonly [string, string])[] = [
    ['ema', 'averaging'],
    ['clipNorm', 'clipping'],
    ['earlyStop.patience', 'early stop'],
    ['stopOnNonFinite', 'stop at no number'],
  ];
  const on = measures.filter(([path]) => Number(draft[path]) > 0).map(([, name]) => name);
  return on.length > 0 ? on.join(', ') : undefined;
}

/** A value as the form shows it. */
function shown(value: unknown): string | boolean {
  if (typeof value === 'boolean') return value;
  return Array.isArray(value) ? value.join(', ') : String(value);
}

function presetFor(source: string): (typeof PRESETS)[keyof typeof PRESETS] {
  return source === 'random' ? PRESETS.chapter : PRESETS.digits;
}

/** Whether the field is asked for, given what else stands in the form. */
export function isAsked(field: RunField, draft: Draft): boolean {
  if (field.applies && !field.applies(draft)) return false;
  const settings = settingsOfGroup(field.path, draft);
  return settings === undefined || Object.hasOwn(settings, field.path.slice(field.path.indexOf('.') + 1));
}

/** The settings that go with the optimizer, or the schedule, that is chosen; undefined for fields of neither. */
function settingsOfGroup(path: string, draft: Draft): object | undefined {
  if (path.startsWith('optimizer.')) {
    const name = OPTIMIZERS.find((known) => known === draft['optimizer.name']);
    return name ? defaultOptimizer(name) : { name };
  }
  if (path.startsWith('schedule.')) {
    const name = SCHEDULES.find((known) => known === draft['schedule.name']);
    return name ? defaultSchedule(name) : { name };
  }
  return undefined;
}

/** Checks the draft with the engine's own rules. Errors stand under the path of the field they belong to. */
export function readForm(draft: Draft): FormResult {
  const errors: Record<string, string> = {};
  const config: Record<string, unknown> = {};
  put(config, 'data.source', draft['data.source'] ?? '');
  if (draft['startFrom']) put(config, 'startFrom', draft['startFrom']);
  const asked = FIELDS.filter((field) => isAsked(field, draft));
  for (const field of asked) {
    if (field.path === 'steps' || field.path === 'name') continue;
    const value = parsed(field, draft[field.path] ?? '');
    if (value === undefined) errors[field.path] = wanted(field);
    else put(config, field.path, value);
  }
  const steps = readSteps(String(draft['steps'] ?? ''));
  if (steps === 'bad') errors['steps'] = 'a whole number from 1, or empty';
  if (Object.keys(errors).length > 0) return { isValid: false, errors };

  const checked = RUN_CONFIG_SCHEMA.safeParse(config);
  if (!checked.success) return { isValid: false, errors: errorsByField(checked.error.issues, asked) };
  const name = String(draft['name'] ?? '').trim();
  return {
    isValid: true,
    config: config,
    ...(typeof steps === 'number' ? { steps } : {}),
    ...(name === '' ? {} : { name }),
  };
}

/** The widths in the draft, where they can be read. */
export function widthsOf(draft: Draft): readonly number[] | undefined {
  return numbers(String(draft['layers'] ?? ''));
}

function errorsByField(issues: readonly Issue[], asked: readonly RunField[]): Record<string, string> {
  const errors: Record<string, string> = {};
  for (const issue of issues) {
    const where = issue.path.map(String).join('.');
    const field = asked.find(({ path }) => where === path || where.startsWith(`${path}.`));
    errors[field?.path ?? where] ??= explain(issue, field);
  }
  return errors;
}

function explain(issue: Issue, field: RunField | undefined): string {
  if (issue.code === 'too_small') return `${issue.inclusive ? 'at least' : 'above'} ${issue.minimum}`;
  if (issue.code === 'too_big') return `${issue.inclusive ? 'at most' : 'below'} ${issue.maximum}`;
  if (issue.code === 'custom' && issue.message) return issue.message;
  return field ? wanted(field) : 'not valid';
}

function wanted(field: RunField): string {
  if (field.kind === 'whole') return 'a whole number';
  if (field.kind === 'number') return 'a number';
  if (field.kind === 'widths') return 'at least two whole numbers, by comma';
  if (field.kind === 'pair') return 'two numbers from 0 to below 1, by comma';
  return 'not valid';
}

/** The field's value as the engine takes it; undefined where the text is none. Ranges are the schema's to check. */
function parsed(field: RunField, value: string | boolean): unknown {
  if (field.kind === 'switch') return value === true;
  const text = String(value).trim();
  if (field.kind === 'choice' || field.kind === 'text') return text;
  if (field.kind === 'widths') return numbers(text);
  if (field.kind === 'activations') return text.includes(', ') ? text.split(', ') : text;
  if (field.kind === 'pair') {
    const pair = numbers(text);
    return pair?.length === 2 ? pair : undefined;
  }
  return number(text);
}

function readSteps(text: string): number | 'bad' | undefined {
  if (text.trim() === '') return undefined;
  const steps = number(text.trim());
  return steps !== undefined && Number.isSafeInteger(steps) && steps >= 1 ? steps : 'bad';
}

function numbers(text: string): number[] | undefined {
  const parts = text
    .split(/[\s,;×→]+/)
    .filter((part) => part !== '')
    .map(number);
  return parts.length > 0 && parts.every((part) => part !== undefined) ? parts : undefined;
}

/** Stricter than Number(): no hexadecimal, no empty text, no infinity. */
function number(text: string): number | undefined {
  return /^[+-]?(?:\d+\.?\d*|\.\d+)(?:e[+-]?\d+)?$/i.test(text) ? Number(text) : undefined;
}

function put(config: Record<string, unknown>, path: string, value: unknown): void {
  const [first, second] = path.split('.');
  if (second === undefined) config[first!] = value;
  else ((config[first!] ??= {}) as Record<string, unknown>)[second] = value;
}

function valueAt(config: RunConfig, path: string): unknown {
  let value: unknown = config;
  for (const key of path.split('.')) value = (value as Record<string, unknown> | undefined)?.[key];
  return value;
}
