import { TORCH_TAR_RECORD_BYTES } from '#main/bytes/limits.ts';
import type { ByteSource } from '#main/bytes/source.ts';
import { spanSource } from '#main/bytes/span-source.ts';
import { readPickle, type Pickle } from '#main/encodings/pickle/pickle.ts';
import type { PickleImport } from '#main/formats/contract.ts';
import type { Problem } from '#shared/checkpoint.ts';
import { AppError } from '#shared/errors.ts';

/** A part of the archive, and what was met in it. Offsets are bytes of the part. */
export interface TarPart {
  readonly source: ByteSource;
  /** Bytes from the beginning of the file to the part's. */
  readonly base: number;
  readonly isLittle: boolean;
  readonly imports: PickleImport[];
  readonly regions: PartRegion[];
}

export interface PartRegion {
  readonly begin: number;
  readonly end: number;
  readonly label: string;
}

/** A pickle between other bytes, which has to be short. @throws AppError `corrupt`, `unsupported`, `limit`. */
export async function readRecord(part: TarPart, at: number): Promise<Pickle> {
  const { source, imports } = part;
  const span = spanSource(source, at, Math.min(TORCH_TAR_RECORD_BYTES, source.byteLength - at));
  try {
    const pickle = await readPickle(span);
    for (const imported of pickle.imports)
      imports.push({ ...imported, offset: imported.offset + at, stream: source.name });
    return { ...pickle, begin: at, end: at + pickle.end };
  } catch (error) {
    if (!(error instanceof AppError)) throw error;
    const { offset = 0, ...fields } = error.fields;
    throw new AppError(error.code, error.message, { ...fields, offset: offset + at }, error.cause);
  }
}

/** Says why the rest of a part is not read. */
export function endOfPart({ source, base }: TarPart, { code, message, fields }: AppError): Problem {
  const { offset } = fields;
  return {
    code,
    message: `${message}; nothing behind it is read in ${source.name}`,
    ...(offset === undefined ? {} : { offset: base + offset }),
  };
}

/** The 64-bit numbers from an offset on; undefined for each that is beyond 2^53 - 1. @throws AppError `corrupt` at the end. */
export async function readIntegers(
  { source, isLittle }: TarPart,
  at: number,
  count: number,
): Promise<readonly (number | undefined)[]> {
  const bytes = await source.read(at, 8 * count);
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  return Array.from({ length: count }, (_, index) => {
    const value = Number(view.getBigInt64(8 * index, isLittle));
    return Number.isSafeInteger(value) ? value : undefined;
  });
}
