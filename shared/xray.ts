import type { Problem } from '#shared/checkpoint.ts';

/** What is known of a name that a file asks for. There is no verdict that says "safe". */
export type ImportVerdict = 'data' | 'framework' | 'unknown' | 'dangerous';

export const IMPORT_VERDICTS = [
  'dangerous',
  'unknown',
  'framework',
  'data',
] as const satisfies ImportVerdict[];

/** A name that a pickle in the file would import. */
export interface XrayImport {
  readonly module: string;
  readonly name: string;
  readonly verdict: ImportVerdict;
  /** Byte offset of the opcode in its stream. */
  readonly offset: number;
  /** Which pickle of the file: a zip member's name, or the file's own. */
  readonly stream: string;
  /** Why it is dangerous or unknown, as a sentence without its stop. */
  readonly reason?: string;
}

/** A call that loading the file would make. */
export interface XrayCall {
  /** As Python would write it, cut where it is long. */
  readonly expression: string;
  /** Of the name that is called. */
  readonly verdict: ImportVerdict;
  /** Byte offset of the opcode in its stream. */
  readonly offset: number;
  readonly stream: string;
}

/** Code outside of pickles, or something that makes a framework load code: shown as text, never run. */
export interface XrayPart {
  /** Kebab-case and stable, such as `lambda-layer`. */
  readonly kind: string;
  readonly name: string;
  readonly stream: string;
  readonly text: string;
}

/** Whether `torch.load(weights_only=True)` takes the file. */
export interface WeightsOnly {
  readonly accepted: boolean;
  /** Why not. */
  readonly reason?: string;
}

/** All that a file would import, call or bring along as code. */
export interface Xray {
  readonly imports: readonly XrayImport[];
  readonly calls: readonly XrayCall[];
  readonly parts: readonly XrayPart[];
  /** False where something could not be read to its end: there may be more than is listed. */
  readonly complete: boolean;
  /** Why it is not complete, and what is odd about the streams. */
  readonly problems: readonly Problem[];
  readonly weightsOnly: WeightsOnly;
}
