import type { ChunkForm } from '#main/encodings/zarr/description.ts';
import { isAppError } from '#shared/errors.ts';

/** How chunks are stored, or that it is in a way which is not read. @throws AppError as `form`, but for `unsupported`. */
export function orUnread(form: () => ChunkForm): ChunkForm {
  try {
    return form();
  } catch (error) {
    if (isAppError(error) && error.code === 'unsupported') return { kind: 'unread', fault: error };
    throw error;
  }
}
