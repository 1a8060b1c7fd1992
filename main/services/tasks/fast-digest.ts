import { fastDigest } from '#main/kernels/fast-digest.ts';
import { hasEqualBytes } from '#main/kernels/difference.ts';
import { hashedForm } from '#main/services/tasks/digest.ts';
import { withStoredReader, type TensorPlan } from '#main/services/tensor-plan.ts';
import { windowsOf, type Pass } from '#main/services/windows.ts';

export interface FastDigestTask {
  readonly plan: TensorPlan;
}

export interface FastDigestAnswer {
  /** XXH64 of the canonical bytes: sixteen hexadecimal digits. */
  readonly digest: string;
  /** Every element has the same bits, as after a start with zeros or ones. */
  readonly isConstant: boolean;
}

/** One pass over what one tensor stores. */
export function fastDigestTask({ plan }: FastDigestTask, pass: Pass): Promise<FastDigestAnswer> {
  return withStoredReader(plan, async (reader, dtype) => {
    const digest = fastDigest();
    const width = reader.elementByteLength;
    let first: Uint8Array | undefined;
    let isConstant = true;
    try {
      for await (const { bytes } of windowsOf(reader, pass)) {
        digest.add(hashedForm(dtype, bytes));
        first ??= bytes.slice(0, width);
        isConstant &&= isRepeated(first, bytes);
      }
      return { digest: digest.value(), isConstant };
    } finally {
      digest.release();
    }
  });
}

/** Whether a window is one element over and over: then it does not change when it is moved by one. */
function isRepeated(element: Uint8Array, bytes: Uint8Array): boolean {
  const width = element.byteLength;
  return (
    element.every((byte, at) => byte === bytes[at]) &&
    hasEqualBytes(bytes.subarray(0, bytes.byteLength - width), bytes.subarray(width))
  );
}
