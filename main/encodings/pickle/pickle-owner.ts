import type { PickleReading } from '#main/encodings/pickle/pickle.ts';

/** Whose reader a pickle is for: what is in it tells, and it is told in one place so that no two readers take the same file. */
export type PickleOwner =
  /** The first of several that torch.save wrote one after the other, tensors that pickle wrote itself, or a distributed checkpoint's metadata. */
  | 'pytorch'
  /** Arrays whose bytes are MXNet's records, and its optimizers. */
  | 'mxnet'
  /** NumPy's arrays, objects of any library, plain values. */
  | 'nobody';

/** torch.save's streams begin with this number. */
const TORCH_MAGIC = 0x1950a86a20f9469cfc6cn;

/** What tensors are made by that pickle itself has written. */
export const TENSOR_BYTES = '_load_from_bytes';

export function pickleOwner({ root, imports }: PickleReading): PickleOwner {
  if (root === TORCH_MAGIC) return 'pytorch';
  if (imports.some(({ module }) => isWithin(module, 'torch.distributed.checkpoint'))) return 'pytorch';
  if (imports.some(({ module, name }) => isWithin(module, 'torch') && name === TENSOR_BYTES))
    return 'pytorch';
  if (imports.some(({ module }) => isWithin(module, 'mxnet'))) return 'mxnet';
  return 'nobody';
}

function isWithin(module: string, top: string): boolean {
  return module === top || module.startsWith(`${top}.`);
}
