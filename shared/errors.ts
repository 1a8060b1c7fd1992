/** The one error class of the product, and the only place where errors become data and come back. */

export const ERROR_CODES = [
  /** No such file, tensor or run. */
  'not-found',
  /** The content matches no format we know. */
  'unknown-format',
  /** The file breaks its own rules. */
  'corrupt',
  /** The file is fine, we cannot read this part of it. */
  'unsupported',
  /** We refuse: a safety limit. */
  'limit',
  /** The system said no; a retry may help. */
  'io',
  /** The caller asked for something that makes no sense. */
  'invalid-params',
  /** An outcome rather than a fault: somebody pressed cancel. */
  'cancelled',
  /** A fault of ours. */
  'internal',
] as const;

export type ErrorCode = (typeof ERROR_CODES)[number];

/** What is known about a failure beyond its message. Absent means unknown. */
export interface ErrorFields {
  /** Base name of the file, never a path. */
  readonly file?: string;
  readonly format?: string;
  readonly tensor?: string;
  /** Byte offset in `file`. */
  readonly offset?: number;
  readonly expected?: string;
  readonly found?: string;
  /** What the person can do about it. */
  readonly hint?: string;
  /** The line in the log that has the stack, for `internal`. */
  readonly logId?: string;
}

/** An error as it travels over a wire or stands in JSON. */
export interface WireError extends ErrorFields {
  readonly code: ErrorCode;
  readonly message: string;
}

const FIELD_NAMES = [
  'file',
  'format',
  'tensor',
  'offset',
  'expected',
  'found',
  'hint',
  'logId',
] as const satisfies readonly (keyof ErrorFields)[];

/**
 * A failure with a code that tells what kind it is and fields that tell where.
 * The message is lower case, without a stop: what happened, and where.
 */
export class AppError extends Error {
  override readonly name = 'AppError';
  readonly code: ErrorCode;
  readonly fields: ErrorFields;

  constructor(code: ErrorCode, message: string, fields: ErrorFields = {}, cause?: unknown) {
    super(message, cause === undefined ? undefined : { cause });
    this.code = code;
    this.fields = fields;
  }

  /** The same error with more known about it; fields already known win. */
  with(fields: ErrorFields): AppError {
    const merged = new AppError(
      this.code,
      this.message,
      { ...fields, ...this.fields },
      this.cause ?? undefined,
    );
    if (this.stack !== undefined) merged.stack = this.stack;
    return merged;
  }
}

/** By its name, too: each bundle of a process has a class of its own. */
export function isAppError(value: unknown): value is AppError {
  return (
    value instanceof AppError || (value instanceof Error && value.name === 'AppError' && 'code' in value)
  );
}

/** Whether the failure is the outcome of a cancel, ours or the platform's. */
export function isCancelled(value: unknown): boolean {
  if (isAppError(value)) return value.code === 'cancelled';
  return value instanceof Error && value.name === 'AbortError';
}

export function cancelledError(): AppError {
  return new AppError('cancelled', 'cancelled');
}

/** Throws `cancelled` once the signal is aborted. */
export function throwIfCancelled(signal?: AbortSignal): void {
  if (signal?.aborted) throw cancelledError();
}

export function toWire(error: AppError): WireError {
  const wire: Record<string, unknown> = { code: error.code, message: error.message };
  for (const name of FIELD_NAMES) {
    if (error.fields[name] !== undefined) wire[name] = error.fields[name];
  }
  return wire as unknown as WireError;
}

export function fromWire(wire: WireError): AppError {
  const { code, message, ...fields } = wire;
  return new AppError(code, message, fields);
}
