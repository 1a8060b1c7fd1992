import { WINDOW_BYTES, XRAY_SEARCH_BYTES } from '#main/bytes/limits.ts';
import { memorySource } from '#main/bytes/memory-source.ts';
import type { ByteSource } from '#main/bytes/source.ts';
import type { PickleImport } from '#main/formats/contract.ts';
import { dangerOf } from '#main/formats/xray/dangerous-globals.ts';
import type { Findings } from '#main/formats/xray/findings.ts';
import { watchPickle } from '#main/formats/xray/watched-pickle.ts';
import { throwIfCancelled } from '#shared/errors.ts';

/** How far an import may reach from one window into the next, in bytes. */
const OVERLAP_BYTES = 1024;
const NAME_BYTES = 255;
/** What is read of a pickle that begins in the middle of something else, before it is believed. */
const PROBE_BYTES = 4096;

const NEWLINE = 0x0a;
const PROTO = 0x80;
const GLOBAL = 0x63;
const INST = 0x69;
const SHORT_BINUNICODE = 0x8c;
const BINUNICODE = 0x58;
const STACK_GLOBAL = 0x93;
const MEMOIZE = 0x94;
const BINPUT = 0x71;
const LONG_BINPUT = 0x72;

type Name = Omit<PickleImport, 'stream'>;

/**
 * Searches bytes that are no readable pickle for the marks of one: the start of a protocol, and the opcodes that import by name.
 * What stands in the midst of damage is found by its looks, so this may list a name that Python would never get to.
 */
export async function searchImports(
  source: ByteSource,
  stream: string,
  findings: Findings,
  options: {
    readonly begin?: number;
    /** Of what is searched, exclusive; the end of the source when absent. */
    readonly end?: number;
    readonly signal?: AbortSignal | undefined;
  } = {},
): Promise<void> {
  const { begin = 0, signal } = options;
  // bytes that a pickle says it has may lie behind the end of the file
  const last = Math.min(options.end ?? Infinity, source.byteLength);
  const end = Math.min(last, begin + XRAY_SEARCH_BYTES);
  let readTo = begin;
  for (let at = begin; at < end; at += WINDOW_BYTES) {
    throwIfCancelled(signal);
    const length = Math.min(WINDOW_BYTES + OVERLAP_BYTES, last - at);
    const window = await source.read(at, length, signal);
    const isOwn = (position: number): boolean => position < WINDOW_BYTES;
    for (let position = 0; position < length && isOwn(position); position++) {
      const code = window[position]!;
      if (code === NEWLINE) {
        findings.addImports(offsetBy(namesBefore(window, position), at), stream);
      } else if (code === SHORT_BINUNICODE || code === BINUNICODE) {
        findings.addImports(offsetBy(stackGlobal(window, position), at), stream);
      } else if (code === PROTO && at + position >= readTo) {
        readTo = Math.max(
          readTo,
          await tryPickle(source, at + position, window, position, stream, findings, signal),
        );
      }
    }
  }
  if (end < last) {
    findings.miss(`${stream} was searched for pickles in its first ${XRAY_SEARCH_BYTES} bytes only`, end);
  }
}

function offsetBy(names: readonly Name[], base: number): Name[] {
  return names.map((name) => ({ ...name, offset: name.offset + base }));
}

/** GLOBAL and INST: `c` or `i`, a module and a newline, then a name and another newline. */
function namesBefore(window: Uint8Array, newline: number): Name[] {
  let begin = newline;
  while (begin > 0 && newline - begin < NAME_BYTES && isNamePart(window[begin - 1]!)) begin--;
  let end = newline + 1;
  while (end < window.byteLength && end - newline < NAME_BYTES && isNamePart(window[end]!)) end++;
  if (begin === newline || end === newline + 1 || window[end] !== NEWLINE) return [];
  const name = textOf(window, newline + 1, end);
  const candidates: Name[] = [];
  for (let at = begin; at < newline - 1; at++) {
    if (window[at] !== GLOBAL && window[at] !== INST) continue;
    candidates.push({ module: textOf(window, at + 1, newline), name, offset: at });
  }
  // letters before the opcode may be opcodes as well: the dangerous reading counts, else the longest
  const dangerous = candidates.filter(({ module }) => dangerOf(module, name) !== undefined);
  return dangerous.length > 0 ? dangerous.slice(0, 1) : candidates.slice(0, 1);
}

/** STACK_GLOBAL behind two texts that were just put down. */
function stackGlobal(window: Uint8Array, at: number): Name[] {
  const module = shortText(window, at);
  const name = module && shortText(window, skipMemo(window, module.end));
  const opcode = name && skipMemo(window, name.end);
  if (opcode === undefined || window[opcode] !== STACK_GLOBAL) return [];
  return [{ module: module!.text, name: name!.text, offset: opcode }];
}

function shortText(window: Uint8Array, at: number): { text: string; end: number } | undefined {
  const isShort = window[at] === SHORT_BINUNICODE;
  if (!isShort && window[at] !== BINUNICODE) return undefined;
  const begin = at + (isShort ? 2 : 5);
  const length = window[at + 1];
  if (length === undefined) return undefined;
  if (!isShort && (window[at + 2] !== 0 || window[at + 3] !== 0 || window[at + 4] !== 0)) return undefined;
  const end = begin + length;
  if (length === 0 || end > window.byteLength) return undefined;
  for (let position = begin; position < end; position++) {
    if (!isNamePart(window[position]!)) return undefined;
  }
  return { text: textOf(window, begin, end), end };
}

function skipMemo(window: Uint8Array, at: number): number {
  if (window[at] === MEMOIZE) return at + 1;
  if (window[at] === BINPUT) return at + 2;
  return window[at] === LONG_BINPUT ? at + 5 : at;
}

/** @returns where the pickle ends, or the offset after its mark where there is none. */
async function tryPickle(
  source: ByteSource,
  offset: number,
  window: Uint8Array,
  position: number,
  stream: string,
  findings: Findings,
  signal: AbortSignal | undefined,
): Promise<number> {
  const protocol = window[position + 1];
  if (protocol === undefined || protocol < 2 || protocol > 5) return offset;
  const head = window.subarray(position, position + PROBE_BYTES);
  const probe = await watchPickle(memorySource(head), 0, signal);
  const { fault, imports } = probe.reading;
  const runsOut = fault !== undefined && (fault.fields.offset ?? 0) >= head.byteLength - 1;
  if (fault && imports.length === 0 && !(runsOut && head.byteLength === PROBE_BYTES)) return offset;
  const { reading, calls, refusal, storageIdLengths } = await watchPickle(source, offset, signal);
  if (reading.fault && reading.imports.length === 0) return offset;
  findings.addImports(reading.imports, stream);
  findings.addCalls(calls, stream);
  findings.addPickle({
    stream,
    begin: offset,
    end: reading.end,
    refusal,
    storageIdLengths,
    fault: reading.fault,
  });
  return reading.end;
}

/** Letters, digits and dots of ASCII: names in other scripts are found where the pickle itself can be read. */
function isNamePart(byte: number): boolean {
  return (
    (byte >= 0x61 && byte <= 0x7a) ||
    (byte >= 0x41 && byte <= 0x5a) ||
    (byte >= 0x30 && byte <= 0x39) ||
    byte === 0x5f ||
    byte === 0x2e
  );
}

function textOf(window: Uint8Array, begin: number, end: number): string {
  return Buffer.from(window.buffer, window.byteOffset + begin, end - begin).toString('latin1');
}
