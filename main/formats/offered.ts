import type { Storage, StoredTensor } from '#main/formats/contract.ts';
import { AppError } from '#shared/errors.ts';
import { dtypeInfo } from '#shared/dtype.ts';

/**
 * A tensor whose file does not say what its bytes are, read as one of the dtypes that they may be.
 * Elements below a byte have one each: NumPy knows no other way.
 * @throws AppError `invalid-params` for a dtype that is not offered.
 */
export function offeredTensor(tensor: StoredTensor, dtype: string): StoredTensor {
  const { name, offers = [], storage, ...rest } = tensor;
  if (!offers.includes(dtype)) {
    throw new AppError('invalid-params', `${name} cannot be read as ${dtype}`, {
      tensor: name,
      expected: offers.length === 0 ? `${tensor.dtype}, which the file says` : offers.join(', '),
      found: dtype,
    });
  }
  return { ...rest, name, dtype, storage: dtypeInfo(dtype).bits < 8 ? unpacked(storage) : storage };
}

function unpacked(storage: Storage): Storage {
  return storage.kind === 'dense' || storage.kind === 'chunked' ? { ...storage, isUnpacked: true } : storage;
}
