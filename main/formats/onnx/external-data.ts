// ONNX external data: onnx/onnx docs/ExternalData.md. Files beside the model, never outside its folder.
import { isBareName, type Folder } from '#main/bytes/folder.ts';
import { ONNX_FILES } from '#main/bytes/limits.ts';
import { restingSource } from '#main/bytes/resting-source.ts';
import type { ByteSource } from '#main/bytes/source.ts';
import { AppError, isAppError } from '#shared/errors.ts';

/** Where a tensor's values are in another file. */
export interface ExternalPlace {
  readonly source: ByteSource;
  readonly offset: number;
  readonly byteLength: number;
}

export interface ExternalFiles {
  /**
   * @param keys of the tensor: location, offset, length.
   * @param byteLength of the values.
   * @throws AppError `not-found` for a file that is missing, `corrupt` for a place outside the folder or the file.
   */
  place(keys: ReadonlyMap<string, string>, byteLength: number): Promise<ExternalPlace>;
  /** Names of the files that were found. */
  names(): string[];
}

/** Opens each file once, however many tensors lie in it. */
export function externalFiles(folder: Folder | undefined): ExternalFiles {
  const opened = new Map<string, Promise<ByteSource>>();
  const found: string[] = [];

  const open = (location: string): Promise<ByteSource> => {
    const known = opened.get(location);
    if (known) return known;
    if (opened.size >= ONNX_FILES) {
      throw new AppError('limit', 'the model has more files beside it than we open', {
        expected: `at most ${ONNX_FILES}`,
      });
    }
    const source = openInside(folder, location);
    opened.set(location, source);
    source.then(
      () => found.push(location),
      () => undefined,
    );
    return source;
  };

  return {
    names: () => [...found],
    place: async (keys, byteLength) => {
      const source = await open(keys.get('location') ?? '');
      const offset = wholeNumber(keys.get('offset') ?? '0', 'offset');
      const length = keys.get('length');
      if (length !== undefined && wholeNumber(length, 'length') !== byteLength) {
        throw new AppError('corrupt', 'the external data are not as long as the shape says', {
          expected: `${byteLength} bytes`,
          found: `${length} bytes`,
        });
      }
      if (offset + byteLength > source.byteLength) {
        throw new AppError('corrupt', `the external data reach beyond the end of ${source.name}`, {
          offset,
          expected: `${byteLength} bytes at ${offset}`,
          found: `a file of ${source.byteLength} bytes`,
        });
      }
      return { source, offset, byteLength };
    },
  };
}

async function openInside(folder: Folder | undefined, location: string): Promise<ByteSource> {
  const steps = location.split('/').filter((step) => step !== '.');
  const isInside = steps.length > 0 && steps.every(isBareName);
  if (!isInside) {
    throw new AppError(
      'corrupt',
      `the external data point outside the folder of the model: ${location.slice(0, 200)}`,
      {
        expected: 'a path inside the folder of the model',
        found: location.slice(0, 200),
      },
    );
  }
  if (!folder) {
    throw new AppError(
      'not-found',
      `the file ${location} cannot be looked for without the folder of the model`,
    );
  }
  let inner = folder;
  for (const [index, step] of steps.entries()) {
    if (!(await inner.has(step)))
      throw new AppError('not-found', `the file ${location} is not beside the model`);
    if (await inner.leadsOut?.(step)) {
      throw new AppError(
        'corrupt',
        `the external data ${location} are a link that leads out of the folder of the model`,
      );
    }
    if (index < steps.length - 1) inner = inner.folder(step);
  }
  try {
    return await restingSource(await inner.open(steps.at(-1)!));
  } catch (error) {
    throw isAppError(error)
      ? new AppError(
          error.code,
          `the file ${location} cannot be opened: ${error.message}`,
          error.fields,
          error,
        )
      : error;
  }
}

function wholeNumber(text: string, what: string): number {
  const value = /^\d{1,16}$/.test(text) ? Number(text) : NaN;
  if (Number.isSafeInteger(value)) return value;
  throw new AppError('corrupt', `the ${what} of the external data is no number of bytes`, {
    found: text.slice(0, 40),
  });
}
