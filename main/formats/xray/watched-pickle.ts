import { PICKLED_CODE_BYTES, XRAY_CALLS } from '#main/bytes/limits.ts';
import type { ByteSource } from '#main/bytes/source.ts';
import { joblibInsertion } from '#main/encodings/ndarray/joblib-array.ts';
import { bytesOf, isBytesLike } from '#main/encodings/pickle/content.ts';
import type { PickleMachine } from '#main/encodings/pickle/machine.ts';
import { asKind, itemsOf, type PickleCall, type PickleNode } from '#main/encodings/pickle/nodes.ts';
import { scanPickle, type PickleReading } from '#main/encodings/pickle/pickle.ts';
import { reprOf } from '#main/encodings/pickle/repr.ts';
import { judgeName } from '#main/formats/xray/import-verdict.ts';
import { weightsOnlyWatch, type Refusal } from '#main/formats/pytorch/weights-only-rules.ts';
import type { ImportVerdict } from '#shared/xray.ts';

export interface WatchedCall {
  readonly expression: string;
  readonly verdict: ImportVerdict;
  readonly offset: number;
}

/** Bytes of the source, end exclusive. */
export interface PickleGap {
  readonly begin: number;
  readonly end: number;
}

/** A pickle, what it would call, and what torch's own restricted reader would say. */
export interface WatchedPickle {
  readonly reading: PickleReading;
  readonly opcodeCount: number;
  readonly calls: readonly WatchedCall[];
  /** Whether calls beyond the limit were left out. */
  readonly hasMoreCalls: boolean;
  /** What joblib has put between the opcodes: its own reader passes over it, and Python's would run into it. */
  readonly gaps: readonly PickleGap[];
  /** Bytes that calls are given, which may be pickles themselves. */
  readonly blobs: readonly PickleNode[];
  readonly refusal: Refusal | undefined;
  readonly storageIdLengths: ReadonlySet<number>;
}

const CALLS: ReadonlySet<string> = new Set(['REDUCE', 'NEWOBJ', 'NEWOBJ_EX', 'OBJ', 'INST']);
/** Bytes arguments that are looked into. */
const MOST_BLOBS = 1000;

/** Reads a pickle and notes its calls: every one of a name that is dangerous, the first one of any other. */
export async function watchPickle(
  source: ByteSource,
  begin: number,
  signal: AbortSignal | undefined,
): Promise<WatchedPickle> {
  const calls: WatchedCall[] = [];
  const blobs: PickleNode[] = [];
  const gaps: PickleGap[] = [];
  const known = new Set<string>();
  const weightsOnly = weightsOnlyWatch();
  let opcodeCount = 0;
  let hasMoreCalls = false;

  function note(call: PickleCall): void {
    const { callee, verdict } = calleeOf(call);
    if (verdict !== 'dangerous' && known.has(callee)) return;
    if (calls.length >= XRAY_CALLS) {
      hasMoreCalls = true;
      return;
    }
    known.add(callee);
    calls.push({ expression: reprOf(call), verdict, offset: call.offset });
    if (verdict === 'data' || verdict === 'framework') return;
    for (const argument of itemsOf(call.args) ?? []) {
      if (isBytesLike(argument) && blobs.length < MOST_BLOBS) blobs.push(argument);
    }
  }

  const reading = await scanPickle(source, {
    begin,
    ...(signal ? { signal } : {}),
    insertion: async (object, place) => {
      const from = place.position;
      const insertion = await joblibInsertion(object, place);
      if (insertion) gaps.push({ begin: from, end: insertion.end });
      return insertion;
    },
    watch: (opcode: string, machine: PickleMachine) => {
      opcodeCount++;
      weightsOnly.watch(opcode, machine);
      const call = CALLS.has(opcode) ? asKind(machine.top(), 'call') : undefined;
      if (call) note(call);
    },
  });
  const { storageIdLengths } = weightsOnly;
  return {
    reading,
    opcodeCount,
    calls,
    hasMoreCalls,
    gaps,
    blobs,
    refusal: weightsOnly.refusal(),
    storageIdLengths,
  };
}

/** The name at the bottom of what is called: of `getattr(…)(…)` it is getattr. */
function calleeOf(call: PickleCall): { callee: string; verdict: ImportVerdict } {
  let node: PickleNode = call.callable;
  for (let depth = 0; depth < 64; depth++) {
    const inner = asKind(node, 'call');
    if (!inner) break;
    node = inner.callable;
  }
  const global = asKind(node, 'global');
  if (!global) return { callee: '', verdict: 'unknown' };
  return {
    callee: `${global.module} ${global.name}`,
    verdict: verdictOf(global.module, global.name, call),
  };
}

/** `copyreg`'s helpers and `__newobj__` build the class that they are given. */
function verdictOf(module: string, name: string, call: PickleCall): ImportVerdict {
  const own = judgeName(module, name).verdict;
  const made = asKind(itemsOf(call.args)?.[0], 'global');
  if (!made || !/^(copyreg|copy_reg)$/.test(module)) return own;
  const of = judgeName(made.module, made.name).verdict;
  return own === 'data' ? of : own;
}

/** The bytes of an argument, or undefined where they are too many or no bytes after all. */
export async function blobBytes(node: PickleNode, source: ByteSource): Promise<Uint8Array | undefined> {
  try {
    return await bytesOf(node, source, PICKLED_CODE_BYTES);
  } catch {
    return undefined;
  }
}
