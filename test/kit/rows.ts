import type { Checkpoint } from '#main/formats/contract.ts';
import { digestOf } from '#test/kit/digest.ts';

/** What is expected of each tensor, by its name; the digest is undefined where the file has no values. */
export async function rowsOf(checkpoint: Checkpoint): Promise<Record<string, unknown>> {
  const rows: Record<string, unknown> = {};
  for (const tensor of checkpoint.tensors) {
    const { name, dtype, shape } = tensor;
    rows[name] = { dtype, shape, sha256: await digestOf(tensor, checkpoint.sources) };
  }
  return rows;
}
