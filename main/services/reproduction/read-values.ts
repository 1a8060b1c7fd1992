import { decode } from '#main/kernels/decode.ts';
import type { OpenCheckpoint } from '#main/services/checkpoints.ts';
import { withReader } from '#main/services/tensor-plan.ts';
import { inPrecision, type Values } from '#main/trainer/values.ts';
import { isFloating, isReal } from '#shared/dtype.ts';
import { AppError } from '#shared/errors.ts';
import { elementCountOf } from '#shared/tensor.ts';

/** Elements of one tensor: larger ones belong to no MLP that is checked on its outputs. */
const MOST_ELEMENTS = 256 * 1024 * 1024;

/**
 * All values of one tensor: integers and doubles as f64, everything else as f32.
 * @throws AppError `unsupported` where they are no real numbers, `limit` where they are too many, and as reading does.
 */
export async function readValues(open: OpenCheckpoint, name: string, signal?: AbortSignal): Promise<Values> {
  const tensor = open.tensor(name);
  const count = elementCountOf(tensor.shape) ?? Infinity;
  if (!isReal(tensor.dtype)) {
    throw new AppError('unsupported', 'these values are no real numbers', {
      tensor: name,
      expected: 'a float dtype',
      found: tensor.dtype,
    });
  }
  if (count > MOST_ELEMENTS) {
    throw new AppError('limit', 'the tensor is too large to run', {
      tensor: name,
      expected: `at most ${MOST_ELEMENTS} elements`,
      found: String(count),
    });
  }
  const plan = open.plan(name);
  const bytes = await withReader(plan, (reader) => reader.read(0, count, signal));
  const isDouble = !isFloating(tensor.dtype) || tensor.dtype === 'f64' || tensor.dtype === 'f80';
  return inPrecision(decode(plan.tensor.dtype, bytes), isDouble ? 'f64' : 'f32');
}
