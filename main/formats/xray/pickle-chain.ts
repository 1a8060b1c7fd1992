import { memorySource } from '#main/bytes/memory-source.ts';
import type { ByteSource } from '#main/bytes/source.ts';
import type { Findings } from '#main/formats/xray/findings.ts';
import { searchImports } from '#main/formats/xray/import-search.ts';
import { blobBytes, watchPickle, type WatchedPickle } from '#main/formats/xray/watched-pickle.ts';
import { throwIfCancelled } from '#shared/errors.ts';

/** What is looked at before a stream is taken for a pickle, in bytes. */
const PROBE_BYTES = 4096;
const PROTO = 0x80;
const NEWEST_PROTOCOL = 5;
/** A stream that runs this long without a fault is a pickle, whatever it does: with the protocol's mark, and without. */
const CONVINCING_OPCODES = { marked: 2, unmarked: 8 } as const;
/** Pickles within pickles. */
const MOST_NESTED = 8;
/** Streams one behind the other: torch writes five. */
const MOST_CHAINED = 100_000;

export interface ChainOptions {
  readonly begin?: number;
  /** Whether the stream is known to be a pickle: then a fault in it is told in any case. */
  readonly isExpected?: boolean;
  readonly depth?: number;
  readonly signal?: AbortSignal | undefined;
}

/**
 * Reads the pickles that follow one another from an offset on, by content alone, and notes what they would import and call.
 * @returns where the last one ends; `begin` where there is none.
 */
export async function readChain(
  source: ByteSource,
  stream: string,
  findings: Findings,
  options: ChainOptions = {},
): Promise<number> {
  const { begin = 0, depth = 0, signal } = options;
  let position = begin;
  for (let count = 0; position < source.byteLength; count++) {
    throwIfCancelled(signal);
    if (count === MOST_CHAINED) {
      findings.miss(`${stream} holds more pickles in a row than are read`, position);
      break;
    }
    const isExpected = options.isExpected === true && count === 0;
    if (!isExpected && !(await looksLikePickle(source, position, signal))) break;
    const watched = await watchPickle(source, position, signal);
    if (!isExpected && !isPickle(watched)) break;
    await note(watched, source, stream, findings, depth, signal);
    position = watched.reading.end;
    if (watched.reading.fault) {
      // names behind the fault cannot be reached by Python, unless it takes what we do not
      await searchImports(source, stream, findings, { begin: position, signal });
      return source.byteLength;
    }
  }
  return position;
}

async function note(
  { reading, calls, hasMoreCalls, gaps, blobs, refusal, storageIdLengths }: WatchedPickle,
  source: ByteSource,
  stream: string,
  findings: Findings,
  depth: number,
  signal: AbortSignal | undefined,
): Promise<void> {
  const { begin, end, fault } = reading;
  findings.addImports(reading.imports, stream);
  findings.addCalls(calls, stream);
  findings.addPickle({ stream, begin, end, refusal, storageIdLengths, fault });
  if (hasMoreCalls) findings.miss(`${stream} makes more calls than are listed`, begin);
  if (fault) {
    findings.miss(`${stream} could not be read to its end: ${fault.message}`, fault.fields.offset ?? end);
  }
  for (const gap of gaps) await searchImports(source, stream, findings, { ...gap, signal });
  for (const blob of blobs) {
    const bytes = await blobBytes(blob, source);
    const at = typeof blob === 'object' && blob !== null && 'offset' in blob ? blob.offset : begin;
    if (!bytes) {
      findings.miss(`bytes that ${stream} hands to a call could not be looked into`, at);
    } else if (depth >= MOST_NESTED) {
      findings.miss(`${stream} nests pickles deeper than we look`, at);
      return;
    } else {
      const inner = `${stream} › bytes at ${at}`;
      await readChain(memorySource(bytes, inner), inner, findings, { depth: depth + 1, signal });
    }
  }
}

/** Whether what begins here could be a pickle, from its first bytes. */
export async function looksLikePickle(
  source: ByteSource,
  begin: number,
  signal: AbortSignal | undefined,
): Promise<boolean> {
  const length = Math.min(PROBE_BYTES, source.byteLength - begin);
  const head = await source.read(begin, length, signal);
  if (head[0] === PROTO && head[1]! <= NEWEST_PROTOCOL) return true;
  const probe = await watchPickle(memorySource(head), 0, signal);
  // what ran out of bytes may go on behind the probe
  const isCut = probe.reading.fault?.message.includes('ends in the middle') === true;
  return isPickle(probe) || (isCut && length === PROBE_BYTES && probe.opcodeCount > 0);
}

/** Whether a reading is that of a pickle, rather than of bytes that happen to look like its first opcodes. */
function isPickle({ reading, opcodeCount }: WatchedPickle): boolean {
  if (!reading.fault) return true;
  if (reading.imports.some(({ module, name }) => isPlausible(module) && isPlausible(name))) return true;
  return opcodeCount >= CONVINCING_OPCODES[reading.opcodes.has('PROTO') ? 'marked' : 'unmarked'];
}

/** Whether Python could find something of this name. */
function isPlausible(name: string): boolean {
  return /^[\p{L}_][\p{L}\p{N}_.]*$/u.test(name);
}
