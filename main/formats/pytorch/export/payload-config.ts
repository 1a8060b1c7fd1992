// PayloadConfig of torch/_export/serde/schema.py: where the tensors of an exported program lie.
import { TENSOR_RANK } from '#main/bytes/limits.ts';
import { elementsOf, fieldsOf, type Json } from '#main/encodings/json/json-tree.ts';
import { dtypeByName } from '#main/formats/pytorch/dtypes.ts';
import type { TensorView } from '#main/formats/pytorch/tensor-view.ts';
import { AppError } from '#shared/errors.ts';

/** A named tensor or object of a program. */
export interface Payload {
  readonly name: string;
  /** Its entry, in the folder of the configuration. */
  readonly path: string;
  readonly isPickled: boolean;
  readonly meta: Json | undefined;
}

/** Names of torch by the numbers of ScalarType in the schema, which are not those of C++. */
const DTYPES: ReadonlyMap<Json, string> = new Map<Json, string>([
  [1, 'uint8'],
  [2, 'int8'],
  [3, 'int16'],
  [4, 'int32'],
  [5, 'int64'],
  [6, 'float16'],
  [7, 'float32'],
  [8, 'float64'],
  [9, 'complex32'],
  [10, 'complex64'],
  [11, 'complex128'],
  [12, 'bool'],
  [13, 'bfloat16'],
  [28, 'uint16'],
  [29, 'float8_e4m3fn'],
  [30, 'float8_e5m2'],
  [31, 'float8_e4m3fnuz'],
  [32, 'float8_e5m2fnuz'],
  [33, 'float8_e8m0fnu'],
  [34, 'uint32'],
  [35, 'uint64'],
]);

/** In the order of the file; what is no payload is left out. */
export function payloadsOf(config: Json): readonly Payload[] {
  return Object.entries(fieldsOf(fieldsOf(config)['config'])).flatMap(([name, value]) => {
    const { path_name: path, use_pickle: isPickled, tensor_meta: meta } = fieldsOf(value);
    return typeof path === 'string' ? [{ name, path, isPickled: isPickled === true, meta }] : [];
  });
}

/**
 * The tensor that a payload's bytes are.
 * @param key of the storage: the entry's name.
 * @throws AppError `corrupt` for a description that makes no sense, `unsupported` for a dtype that is none of ours.
 */
export function payloadView({ meta }: Payload, key: string): TensorView {
  const fields = fieldsOf(meta);
  const name = DTYPES.get(fields['dtype'] ?? null);
  const dtype = name === undefined ? undefined : dtypeByName(name);
  if (!dtype)
    throw new AppError('unsupported', `the dtype ${JSON.stringify(fields['dtype'])} is none of ours`);
  const shape = elementsOf(fields['sizes']).map(whole);
  const strides = elementsOf(fields['strides']).map(whole);
  if (shape.length !== strides.length || shape.length > TENSOR_RANK) {
    throw new AppError('corrupt', 'a tensor has a size and a stride of different rank', {
      found: `${shape.length} and ${strides.length} dimensions`,
    });
  }
  return {
    // the entry is as long as it is: what the tensor needs is checked against that
    storage: { key, dtype, byteLength: 0, viewOffset: 0, location: 'cpu' },
    dtype: dtype.dtype,
    shape,
    strides,
    elementOffset: whole(fields['storage_offset'] ?? { as_int: 0 }),
    isConjugated: false,
    isNegated: false,
  };
}

/** A SymInt: a number, or an expression with the number that it had as a hint. */
function whole(value: Json): number {
  const { as_int: direct, as_expr: expression } = fieldsOf(value);
  const number = direct ?? fieldsOf(fieldsOf(expression)['hint'])['as_int'];
  if (typeof number === 'number' && Number.isSafeInteger(number) && number >= 0) return number;
  throw new AppError('corrupt', 'a tensor has a size or stride that makes no sense', {
    found: JSON.stringify(value).slice(0, 100),
  });
}
