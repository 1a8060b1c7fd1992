import type { StoredTensor } from '#main/formats/contract.ts';
import type { OpenCheckpoint } from '#main/services/checkpoints.ts';
import type { Compute } from '#main/services/compute.ts';
import { storedRange, type StoredRange } from '#main/services/stored-range.ts';
import type { VerifiedCheckpoint, VerifiedTensor, VerifyUpdate } from '#shared/commands/checkpoint.ts';
import type { Integrity, Problem } from '#shared/checkpoint.ts';
import { isAppError } from '#shared/errors.ts';

/** Problems that say that bytes are not where, or not what, the file promises. */
const DAMAGE: ReadonlySet<string> = new Set([
  'storage',
  'storage-range',
  'length',
  'missing-part',
  'crc-mismatch',
  'corrupt',
  'io',
]);

/** Checks every checksum and length that the format records. Each checksum is computed once, however many tensors share it. */
export async function verifyCheckpoint(
  open: OpenCheckpoint,
  compute: Compute,
  context: { readonly signal: AbortSignal; readonly progress: (update: VerifyUpdate) => void },
): Promise<VerifiedCheckpoint> {
  const { checkpoint } = open;
  const problems: Problem[] = [...checkpoint.problems];
  const total = checkpoint.tensors.reduce((sum, { checksums = [] }) => {
    return sum + checksums.reduce((bytes, { begin, end }) => bytes + end - begin, 0);
  }, 0);
  let done = 0;
  const onRead = (byteLength: number) => {
    done = Math.min(total, done + byteLength);
    context.progress({ done, total, unit: 'bytes' });
  };
  const computed = new Map<string, Promise<number>>();
  const damaged = new Set(
    problems.flatMap(({ code, tensor }) => (tensor !== undefined && DAMAGE.has(code) ? [tensor] : [])),
  );
  const rows = new Array<VerifiedTensor>(checkpoint.tensors.length);
  let next = 0;

  const work = async () => {
    for (let index = next++; index < rows.length; index = next++) {
      const tensor = checkpoint.tensors[index]!;
      const state = damaged.has(tensor.name)
        ? 'failed'
        : await stateOf(open, tensor, compute, context.signal, onRead, computed, problems);
      const stored = rangeOf(open, tensor);
      rows[index] = {
        name: tensor.name,
        state,
        ...(stored ? { file: stored.file, range: stored.range } : {}),
      };
      context.progress({ done, total, unit: 'bytes', finished: [rows[index]!] });
    }
  };
  await Promise.all(Array.from({ length: compute.width }, work));

  const isDamaged = problems.some(({ code }) => DAMAGE.has(code));
  return { verdict: verdictOf(rows, isDamaged), tensors: rows, problems };
}

function verdictOf(rows: readonly VerifiedTensor[], isDamaged: boolean): Integrity {
  if (isDamaged || rows.some(({ state }) => state === 'failed')) return 'failed';
  return rows.length > 0 && rows.every(({ state }) => state === 'verified') ? 'verified' : 'not-recorded';
}

async function stateOf(
  open: OpenCheckpoint,
  tensor: StoredTensor,
  compute: Compute,
  signal: AbortSignal,
  onRead: (byteLength: number) => void,
  computed: Map<string, Promise<number>>,
  problems: Problem[],
): Promise<Integrity> {
  const { checksums = [] } = tensor;
  if (checksums.length === 0) return 'not-recorded';
  for (const { algorithm, source, begin, end, expected } of checksums) {
    const { description } = open.checkpoint.sources[source]!;
    const key = `${algorithm}:${source}:${begin}:${end}`;
    const value =
      computed.get(key) ??
      compute.run('checksum', { source: description, algorithm, begin, end }, { signal, onRead });
    computed.set(key, value);
    const { range } = storedRange(description, begin, end);
    try {
      const found = await value;
      if (found >>> 0 === expected >>> 0) continue;
      problems.push({
        code: 'crc-mismatch',
        message: `the ${algorithm.replace('-masked', '')} of bytes ${range[0]} to ${range[1]} should be ${hex(expected)} and is ${hex(found)}`,
        tensor: tensor.name,
        offset: range[0],
      });
    } catch (error) {
      if (!isAppError(error) || error.code === 'cancelled' || error.code === 'internal') throw error;
      problems.push({ code: error.code, message: error.message, tensor: tensor.name, offset: range[0] });
    }
    return 'failed';
  }
  return 'verified';
}

function hex(value: number): string {
  return `0x${(value >>> 0).toString(16).padStart(8, '0')}`;
}

/** Where the tensor's storage lies in its file; of the first checksum's bytes where the storage is scattered. */
function rangeOf(
  { checkpoint }: OpenCheckpoint,
  { storage, checksums }: StoredTensor,
): StoredRange | undefined {
  if (storage.kind === 'dense') {
    const { description } = checkpoint.sources[storage.source]!;
    return storedRange(description, storage.offset, storage.offset + storage.byteLength);
  }
  const first = checksums?.[0];
  return first && storedRange(checkpoint.sources[first.source]!.description, first.begin, first.end);
}
