// HDF5 File Format Specification 4.0, IV.A.2.b "The Dataspace Message", versions 1 and 2.
import { TENSOR_RANK } from '#main/bytes/limits.ts';
import type { Fields } from '#main/encodings/hdf5/fields.ts';
import { AppError } from '#shared/errors.ts';

export interface Dataspace {
  /** There are no elements at all, not even one. */
  readonly isNull: boolean;
  /** Elements along each axis; empty for a scalar. */
  readonly shape: readonly number[];
  /** How far each axis may grow; undefined for without end. */
  readonly mostShape: readonly (number | undefined)[];
}

const NULL_SPACE = 2;

export function parseDataspace(fields: Fields): Dataspace {
  const version = fields.u8();
  if (version !== 1 && version !== 2) {
    throw new AppError('unsupported', `dataspaces of version ${version} are not known`, {
      offset: fields.base,
    });
  }
  const rank = fields.u8();
  const flags = fields.u8();
  const type = fields.u8();
  if (version === 1) fields.skip(4);
  if (rank > TENSOR_RANK) {
    throw new AppError('corrupt', `a dataspace of ${rank} dimensions`, {
      offset: fields.base,
      expected: `at most ${TENSOR_RANK}`,
    });
  }
  const shape = Array.from({ length: rank }, () => fields.length('a dimension'));
  const mostShape = flags & 1 ? shape.map(() => fields.lengthOrAll('a largest dimension')) : shape;
  return { isNull: version === 2 && type === NULL_SPACE, shape, mostShape };
}
