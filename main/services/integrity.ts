import { isChunkChecked } from '#main/formats/chunks.ts';
import type { Checksum, StoredTensor } from '#main/formats/contract.ts';
import type { OpenCheckpoint } from '#main/services/checkpoints.ts';
import type { Compute } from '#main/services/compute.ts';
import { pacedUpdates } from '#main/services/paced-updates.ts';
import { sideBySide } from '#main/services/side-by-side.ts';
import { storedRange, type StoredRange } from '#main/services/stored-range.ts';
import type { ChunkFault } from '#main/services/tasks/chunk-check.ts';
import { planOf } from '#main/services/tensor-plan.ts';
import { isTensorProblem } from '#main/services/tensor-problem.ts';
import type { VerifiedCheckpoint, VerifiedTensor, VerifyUpdate } from '#shared/commands/checkpoint.ts';
import type { Integrity, Problem } from '#shared/checkpoint.ts';

/** Problems that say that bytes are not where, or not what, the file promises. */
const DAMAGE: ReadonlySet<string> = new Set([
  'storage',
  'storage-range',
  'length',
  'missing-part',
  'missing-file',
  'missing-tensor',
  'interrupted',
  'crc-mismatch',
  'corrupt',
  'io',
]);

interface Check {
  readonly open: OpenCheckpoint;
  readonly compute: Compute;
  readonly signal: AbortSignal;
  readonly onRead: (byteLength: number) => void;
  readonly problems: Problem[];
  /** By what is computed: tensors share checksums. */
  readonly checksums: Map<string, Promise<number>>;
  /** By the storage: tensors share those, too. */
  readonly chunks: Map<unknown, Promise<ChunkFault | undefined>>;
}

interface State {
  readonly state: Integrity;
  /** Where the bytes at fault lie. */
  readonly at?: StoredRange;
}

/** What a checksum is of: tensors that share their bytes share it. */
export function checksumKey({ algorithm, source, begin, end }: Omit<Checksum, 'expected'>): string {
  return `${algorithm}:${source}:${begin}:${end}`;
}

/**
 * Checks every checksum and length that the format records. Each checksum is computed once, however many tensors share it.
 * @param known checksums that another pass has taken already, by `checksumKey`.
 */
export async function verifyCheckpoint(
  open: OpenCheckpoint,
  compute: Compute,
  context: { readonly signal: AbortSignal; readonly progress: (update: VerifyUpdate) => void },
  known: ReadonlyMap<string, number> = new Map(),
): Promise<VerifiedCheckpoint> {
  const { checkpoint } = open;
  const problems: Problem[] = [...checkpoint.problems];
  const total = checkpoint.tensors.reduce((sum, tensor) => sum + checkedBytes(tensor), 0);
  let done = 0;
  const updates = pacedUpdates<VerifiedTensor>((finished) =>
    context.progress({ done, total, unit: 'bytes', finished }),
  );
  const onRead = (byteLength: number) => {
    done = Math.min(total, done + byteLength);
    updates.tell();
  };
  const check: Check = {
    open,
    compute,
    signal: context.signal,
    onRead,
    problems,
    checksums: new Map([...known].map(([key, value]) => [key, Promise.resolve(value)])),
    chunks: new Map(),
  };
  const damaged = new Set(
    problems.flatMap(({ code, tensor }) => (tensor !== undefined && DAMAGE.has(code) ? [tensor] : [])),
  );
  const rows = new Array<VerifiedTensor>(checkpoint.tensors.length);

  await sideBySide(checkpoint.tensors, compute.width, async (tensor, index) => {
    const { state, at }: State = damaged.has(tensor.name)
      ? { state: 'failed' }
      : await stateOf(tensor, check);
    const stored = at ?? rangeOf(open, tensor);
    rows[index] = {
      name: tensor.name,
      state,
      ...(stored ? { file: stored.file, range: stored.range } : {}),
    };
    updates.tell([rows[index]]);
  });
  updates.flush();

  const isDamaged = problems.some(({ code }) => DAMAGE.has(code));
  return { verdict: verdictOf(rows, isDamaged), tensors: rows, problems };
}

function checkedBytes({ checksums = [], storage }: StoredTensor): number {
  const summed = checksums.reduce((bytes, { begin, end }) => bytes + end - begin, 0);
  if (storage.kind !== 'chunked') return summed;
  return storage.chunks.filter(isChunkChecked).reduce((bytes, { byteLength }) => bytes + byteLength, summed);
}

function verdictOf(rows: readonly VerifiedTensor[], isDamaged: boolean): Integrity {
  if (isDamaged || rows.some(({ state }) => state === 'failed')) return 'failed';
  return rows.length > 0 && rows.every(({ state }) => state === 'verified') ? 'verified' : 'not-recorded';
}

async function stateOf(tensor: StoredTensor, check: Check): Promise<State> {
  const { checksums = [], storage } = tensor;
  for (const checksum of checksums) {
    const at = await faultIn(tensor, checksum, check);
    if (at) return { state: 'failed', at };
  }
  if (storage.kind !== 'chunked' || !storage.chunks.some(isChunkChecked)) {
    return { state: checksums.length > 0 ? 'verified' : 'not-recorded' };
  }
  const at = await chunkFaultIn(tensor, check);
  if (at) return { state: 'failed', at };
  const isWhole = checksums.length > 0 || storage.chunks.every(isChunkChecked);
  return { state: isWhole ? 'verified' : 'not-recorded' };
}

/** @returns the bytes whose checksum is another one than recorded, or that cannot be read. */
async function faultIn(
  { name }: StoredTensor,
  { algorithm, source, begin, end, expected }: Checksum,
  { open, compute, signal, onRead, problems, checksums }: Check,
): Promise<StoredRange | undefined> {
  const { description } = open.checkpoint.sources[source]!;
  const key = checksumKey({ algorithm, source, begin, end });
  const value =
    checksums.get(key) ??
    compute.run('checksum', { source: description, algorithm, begin, end }, { signal, onRead });
  checksums.set(key, value);
  const at = storedRange(description, begin, end);
  const [from, to] = at.range;
  try {
    const found = await value;
    if (found >>> 0 === expected >>> 0) return undefined;
    problems.push({
      code: 'crc-mismatch',
      message: `the ${algorithm.replace('-masked', '')} of bytes ${from} to ${to} should be ${hex(expected)} and is ${hex(found)}`,
      tensor: name,
      offset: from,
    });
  } catch (error) {
    if (!isTensorProblem(error)) throw error;
    problems.push({ code: error.code, message: error.message, tensor: name, offset: from });
  }
  return at;
}

/** @returns the bytes of the first chunk that is not as the checksum stored with it says. */
async function chunkFaultIn(
  tensor: StoredTensor,
  { open, compute, signal, onRead, problems, chunks }: Check,
): Promise<StoredRange | undefined> {
  const { storage, name } = tensor;
  if (storage.kind !== 'chunked') return undefined;
  const { sources } = open.checkpoint;
  const checking =
    chunks.get(storage.chunks) ??
    compute.run('chunk-check', { plan: planOf(tensor, sources) }, { signal, onRead });
  chunks.set(storage.chunks, checking);
  const fault = await checking;
  if (!fault) return undefined;
  const { source, offset, byteLength } = storage.chunks[fault.chunk]!;
  const at = storedRange(sources[source]!.description, offset, offset + byteLength);
  problems.push({ code: fault.code, message: fault.message, tensor: name, offset: at.range[0] });
  return at;
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
