// HDF5 File Format Specification 4.0, IV.A.2.e and f, the old and the new Fill Value Message.
import type { Fields } from '#main/encodings/hdf5/fields.ts';
import { AppError } from '#shared/errors.ts';

/** @returns one element as stored, a view; undefined where zeros fill. */
export function parseFillValue(fields: Fields): Uint8Array | undefined {
  const version = fields.u8();
  if (version < 1 || version > 3) {
    throw new AppError('unsupported', `fill values of version ${version} are not known`, {
      offset: fields.base,
    });
  }
  if (version === 3) {
    const flags = fields.u8();
    return flags & 0x20 ? sizedValue(fields) : undefined;
  }
  // when space is taken and when it is filled
  fields.skip(2);
  const isDefined = fields.u8() !== 0;
  return version === 1 || isDefined ? sizedValue(fields) : undefined;
}

export function parseOldFillValue(fields: Fields): Uint8Array | undefined {
  return sizedValue(fields);
}

function sizedValue(fields: Fields): Uint8Array | undefined {
  // a cut-off message is one without a value
  if (fields.remaining() < 4) return undefined;
  const size = fields.u32();
  // all bits set: undefined
  return size === 0 || size === 0xffffffff ? undefined : fields.bytes(size);
}
