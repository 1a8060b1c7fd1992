import { fastDigest } from '#main/kernels/fast-digest.ts';
import { hasEqualBytes } from '#main/kernels/difference.ts';
import type { TensorReader } from '#main/formats/read.ts';
import { hashedForm } from '#main/services/tasks/digest.ts';
import { withBoxReaders, withStoredReader, type TensorPlan } from '#main/services/tensor-plan.ts';
import { windowsOf, type Pass } from '#main/services/windows.ts';

export interface FastDigestTask {
  readonly plan: TensorPlan;
  /** Digests are told of the values box by box, as `boxesOf` cuts the tensor: they are comparable among tensors that are cut alike. */
  readonly isByBoxes: boolean;
}

export interface FastDigestAnswer {
  /** XXH64 of the canonical bytes, in C order unless they were asked for otherwise: sixteen hexadecimal digits. */
  readonly digest: string;
  /** Every element has the same bits, as after a start with zeros or ones. */
  readonly isConstant: boolean;
}

/** One pass over what one tensor stores. */
export async function fastDigestTask(
  { plan, isByBoxes }: FastDigestTask,
  pass: Pass,
): Promise<FastDigestAnswer> {
  const digest = fastDigest();
  let first: Uint8Array | undefined;
  let isConstant = true;
  const add = async (reader: TensorReader, dtype: string): Promise<void> => {
    for await (const { bytes } of windowsOf(reader, pass)) {
      digest.add(hashedForm(dtype, bytes));
      first ??= bytes.slice(0, reader.elementByteLength);
      isConstant &&= isRepeated(first, bytes);
    }
  };
  try {
    if (isByBoxes) await withBoxReaders(plan, (reader) => add(reader, plan.tensor.dtype));
    else await withStoredReader(plan, add);
    return { digest: digest.value(), isConstant };
  } finally {
    digest.release();
  }
}

/** Whether a window is one element over and over: then it does not change when it is moved by one. */
function isRepeated(element: Uint8Array, bytes: Uint8Array): boolean {
  const width = element.byteLength;
  return (
    element.every((byte, at) => byte === bytes[at]) &&
    hasEqualBytes(bytes.subarray(0, bytes.byteLength - width), bytes.subarray(width))
  );
}
