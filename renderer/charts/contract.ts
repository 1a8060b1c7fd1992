/** What a chart is: for which subject, by which command, drawn by which component. Charts know no store and no client. */
import type { Component } from 'vue';

import type { FileId } from '#shared/bridge.ts';
import type { CommandName, Input, Result } from '#shared/commands/commands.ts';
import type { TensorInfo } from '#shared/tensor.ts';

export interface TensorSubject {
  readonly kind: 'tensor';
  readonly file: FileId;
  readonly tensor: TensorInfo;
}

export interface PairSubject {
  readonly kind: 'pair';
  readonly a: { readonly file: FileId; readonly tensor: TensorInfo };
  readonly b: { readonly file: FileId; readonly tensor: TensorInfo };
  readonly isTransposed: boolean;
}

export type ChartSubject = TensorSubject | PairSubject;

/** What the person has chosen for all charts. */
export interface ChartPreferences {
  readonly bins: number;
  readonly isLogCount: boolean;
  readonly isSymlog: boolean;
  readonly isClipped: boolean;
}

/** A question to the engine, as data. */
export interface ChartRequest<Name extends CommandName = CommandName> {
  readonly command: Name;
  readonly params: Input<Name>;
}

/** Asks the engine something further, such as the next window of values. */
export type Ask = <Name extends CommandName>(
  command: Name,
  params: Input<Name>,
  options?: { readonly signal?: AbortSignal },
) => Promise<Result<Name>>;

/** What a chart's component is given. It emits `update:options` when a control of its own is moved. */
export interface ChartProps<Subject extends ChartSubject, Options, Value> {
  readonly subject: Subject;
  /** As chosen: what the controls show. */
  readonly options: Options;
  /** The options that `value` answers: what the picture shows. The same, but while the new one is on its way. */
  readonly answered: Options;
  readonly value: Value;
  readonly isStale: boolean;
  readonly ask: Ask;
}

/**
 * What the component before an answer is given. It emits `update:options`, which may have the chart ask or stop asking,
 * and `retry` to ask anew what has failed or was called off.
 */
export interface BeforeProps<Subject extends ChartSubject, Options> {
  readonly subject: Subject;
  readonly options: Options;
  readonly isLoading: boolean;
}

/** A chart as the registry keeps it: options and values are opaque outside its own folder. */
export interface Chart {
  readonly name: string;
  readonly title: string;
  readonly icon: Component;
  supports(subject: ChartSubject): boolean;
  /** Options for a subject, given those of the one before it: choices stay, places do not. */
  optionsFor(subject: ChartSubject, previous: unknown, preferences: ChartPreferences): unknown;
  /** What of the options the person would want again for every tensor and after a restart. */
  preferencesOf?(options: unknown): Partial<ChartPreferences>;
  /** Undefined where the person has not asked for it yet: `before` stands there. */
  request(subject: ChartSubject, options: unknown): ChartRequest | undefined;
  readonly component: Component;
  /** What stands there until there is an answer, for a chart that is made on request: see `BeforeProps`. */
  readonly before?: Component;
}

export interface ChartDefinition<Subject extends ChartSubject, Options, Name extends CommandName> {
  readonly name: string;
  readonly title: string;
  readonly icon: Component;
  supports(subject: ChartSubject): subject is Subject;
  optionsFor(subject: Subject, previous: Options | undefined, preferences: ChartPreferences): Options;
  preferencesOf?(options: Options): Partial<ChartPreferences>;
  request(subject: Subject, options: Options): ChartRequest<Name> | undefined;
  readonly component: Component;
  readonly before?: Component;
}

/** Closes a definition over its own types, so that charts of every kind fit one list. */
export function defineChart<Subject extends ChartSubject, Options, Name extends CommandName>(
  definition: ChartDefinition<Subject, Options, Name>,
): Chart {
  // the registry hands a chart only subjects it supports and options it made itself
  return definition;
}
