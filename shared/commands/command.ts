import type * as z from 'zod/mini';

import type { FileId } from '#shared/bridge.ts';

/** How far a long call is; anything partial comes along. */
export interface Progress {
  readonly done: number;
  readonly total: number;
  readonly unit: 'bytes' | 'tensors' | 'steps' | 'rows';
}

/**
 * How a command appears on the command line. Positionals and options name params;
 * a path becomes the id of a file before the engine sees it.
 */
export interface Verb {
  readonly verb: string;
  /** One line for `--help`. */
  readonly does: string;
  readonly positionals: readonly Positional[];
  readonly options?: readonly Option[];
}

export interface Positional {
  /** The param it fills; for `isRepeated` ones the param is a list, unless it is the path of `ls`. */
  readonly param: string;
  readonly title: string;
  readonly kind: 'path' | 'new-path' | 'text' | 'json';
  readonly isOptional?: true;
  readonly isRepeated?: true;
}

export interface Option {
  readonly flag: string;
  readonly param: string;
  readonly title: string;
  readonly does: string;
  /**
   * `numbers`: comma-separated; `range`: `A:B`; `words`: comma-separated; `json`: a JSON file's content;
   * `tensor-path`: a path, or `FILE:NAME` for a tensor in it (fills `<param>` and `<param>Name`);
   * `print`: for the printer alone, no param.
   */
  readonly kind:
    | 'flag'
    | 'integer'
    | 'text'
    | 'numbers'
    | 'range'
    | 'words'
    | 'path'
    | 'new-path'
    | 'tensor-path'
    | 'json'
    | 'print';
  readonly isRequired?: true;
}

/** A command's entry in the contract. `Result` and `Update` exist for the compiler alone. */
export interface Command<Params extends z.ZodMiniType, Result, Update> {
  readonly params: Params;
  readonly verb?: Verb;
  readonly types?: { readonly result: Result; readonly update: Update };
}

/** Starts an entry: `command<Result, Update>()({ params, verb })`. */
export function command<Result, Update = Progress>() {
  return <Params extends z.ZodMiniType>(entry: {
    readonly params: Params;
    readonly verb?: Verb;
  }): Command<Params, Result, Update> => entry;
}

/** What a file param refers to. */
export type FileParam = FileId;
