// TensorDef of caffe2/proto/torch.proto, as protobuf spells it in JSON: 64-bit numbers are texts.
import { TENSOR_RANK } from '#main/bytes/limits.ts';
import { elementsOf, fieldsOf, type Json } from '#main/encodings/json/json-tree.ts';
import { dtypeByName } from '#main/formats/pytorch/dtypes.ts';
import type { TorchTensor } from '#main/formats/pytorch/tensor-calls.ts';
import { AppError } from '#shared/errors.ts';

/** Names of torch by those of caffe2's data types. */
const DTYPES: ReadonlyMap<string, string> = new Map([
  ['FLOAT', 'float32'],
  ['DOUBLE', 'float64'],
  ['FLOAT16', 'float16'],
  ['BFLOAT16', 'bfloat16'],
  ['INT64', 'int64'],
  ['INT32', 'int32'],
  ['INT16', 'int16'],
  ['INT8', 'int8'],
  ['UINT8', 'uint8'],
  ['BYTE', 'uint8'],
  ['BOOL', 'bool'],
]);

/**
 * The tensor that a definition describes; its storage is the archive's entry of that name.
 * @throws AppError `corrupt` for one that makes no sense, `unsupported` for a data type that is none of ours.
 */
export function tensorDefinition(definition: Json | undefined): TorchTensor {
  const fields = fieldsOf(definition);
  const stated = fields['dataType'];
  const name = typeof stated === 'string' ? DTYPES.get(stated) : undefined;
  const dtype = name === undefined ? undefined : dtypeByName(name);
  if (!dtype) throw new AppError('unsupported', `the data type ${JSON.stringify(stated)} is none of ours`);
  const key = fieldsOf(fields['data'])['key'];
  const shape = elementsOf(fields['dims']).map(whole);
  const strides = elementsOf(fields['strides']).map(whole);
  const elementOffset = whole(fields['offset'] ?? 0);
  if (typeof key !== 'string' || shape.length !== strides.length || shape.length > TENSOR_RANK) {
    throw new AppError('corrupt', 'a tensor has no proper place, size and stride', {
      found: JSON.stringify(definition).slice(0, 200),
    });
  }
  const view = {
    // the entry is as long as it is: what the tensor needs is checked against that
    storage: { key, dtype, byteLength: 0, viewOffset: 0, location: 'cpu' },
    dtype: dtype.dtype,
    shape,
    strides,
    elementOffset,
    isConjugated: false,
    isNegated: false,
  };
  if (fields['isQuantized'] !== true) return { kind: 'dense', view };
  const perTensor = { scale: Number(fields['scale'] ?? 1), zeroPoint: Number(fields['zeroPoint'] ?? 0) };
  return { kind: 'quantised', view, quantiser: { scheme: 'per_tensor_affine', perTensor } };
}

function whole(value: Json | undefined): number {
  const number = typeof value === 'string' && /^\d+$/.test(value) ? Number(value) : value;
  if (typeof number === 'number' && Number.isSafeInteger(number) && number >= 0) return number;
  throw new AppError('corrupt', 'a tensor has a size or stride that makes no sense', {
    found: JSON.stringify(value),
  });
}
