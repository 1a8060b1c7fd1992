import { promisify } from 'node:util';
import { unzip } from 'node:zlib';

import {
  XRAY_DEPTH,
  XRAY_PACKED_BYTES,
  XRAY_PART_BYTES,
  XRAY_STREAMS,
  XRAY_UNPACKED_BYTES,
} from '#main/bytes/limits.ts';
import type { ByteSource } from '#main/bytes/source.ts';
import { memorySource } from '#main/bytes/memory-source.ts';
import { spanSource } from '#main/bytes/span-source.ts';
import { beginsTar, readTar } from '#main/encodings/tar/tar.ts';
import { ENCRYPTED_FLAG } from '#main/encodings/zip/directory.ts';
import { openZip, type ZipArchive, type ZipEntry } from '#main/encodings/zip/zip.ts';
import type { Findings } from '#main/formats/xray/findings.ts';
import { searchImports } from '#main/formats/xray/import-search.ts';
import { readChain } from '#main/formats/xray/pickle-chain.ts';
import { isAppError, throwIfCancelled } from '#shared/errors.ts';

export interface StreamOptions {
  readonly signal?: AbortSignal | undefined;
  /** Whether bytes that are no archive, array or pickle are searched for pickles in their midst. */
  readonly isSearched: boolean;
  /** Counts streams over all archives; shared by the archives inside. */
  readonly count?: { streams: number };
  readonly depth?: number;
}

const unpack = promisify(unzip);

const HEAD_BYTES = 512;
const LOCAL_HEADER = [0x50, 0x4b, 0x03, 0x04];
/** A local header with its names and padding. */
const LOCAL_HEADER_ROOM = 1024;
const NPY = [0x93, 0x4e, 0x55, 0x4d, 0x50, 0x59];

/** Containers that are named where they are met, because nothing in them is seen. */
const SEALED: readonly (readonly [title: string, magic: readonly number[]])[] = [
  ['a 7z archive', [0x37, 0x7a, 0xbc, 0xaf, 0x27, 0x1c]],
  ['a bzip2 stream', [0x42, 0x5a, 0x68]],
  ['an xz stream', [0xfd, 0x37, 0x7a, 0x58, 0x5a, 0x00]],
  ['a Zstandard stream', [0x28, 0xb5, 0x2f, 0xfd]],
  ['an LZ4 stream', [0x04, 0x22, 0x4d, 0x18]],
  ['a RAR archive', [0x52, 0x61, 0x72, 0x21, 0x1a, 0x07]],
];

/**
 * Looks for pickles in a stream and, where it is an archive, in everything it holds, whatever the names and checksums say.
 * @throws AppError `io` and `cancelled` only.
 */
export async function walkStream(
  source: ByteSource,
  stream: string,
  findings: Findings,
  options: StreamOptions,
): Promise<void> {
  const { signal, depth = 0, count = { streams: 0 } } = options;
  throwIfCancelled(signal);
  if (++count.streams > XRAY_STREAMS) {
    if (count.streams === XRAY_STREAMS + 1) findings.miss('the file has more parts than we look into');
    return;
  }
  const inner = { ...options, count, depth: depth + 1 };
  const head = await source.read(0, Math.min(HEAD_BYTES, source.byteLength), signal);
  const begins = (magic: readonly number[]): boolean => magic.every((byte, index) => head[index] === byte);

  const isZip = (depth === 0 || begins(LOCAL_HEADER)) && (await walkZip(source, stream, findings, inner));
  if (begins(LOCAL_HEADER) && isZip) return;
  if (begins(NPY)) return walkArray(source, stream, head, findings, options);
  if (beginsTar(head)) return walkTar(source, stream, findings, inner);
  const end = await readChain(source, stream, findings, {
    isExpected: /\.p(kl|ickle)$/.test(stream),
    signal,
  });
  if (end === 0 && isDeflated(head)) return walkUnpacked(source, stream, findings, inner);
  const sealed = SEALED.find(([, magic]) => begins(magic));
  if (sealed) findings.miss(`${stream} is ${sealed[0]}, which is not unpacked here`, 0);
  if (options.isSearched && !isZip) await searchImports(source, stream, findings, { begin: end, signal });
}

/**
 * Walks an archive and those that lie before it in the same bytes, as the parts of a distributed checkpoint do.
 * @returns whether there is a directory that could be read.
 */
async function walkZip(
  source: ByteSource,
  stream: string,
  findings: Findings,
  options: StreamOptions & { readonly depth: number },
): Promise<boolean> {
  const seen = new Map<string, number>();
  let end = source.byteLength;
  for (let isFirst = true; end > 0; isFirst = false) {
    const whole = isFirst ? source : spanSource(source, 0, end);
    const zip = await directoryOf(whole, stream, findings);
    if (!zip) return !isFirst;
    if (options.depth > XRAY_DEPTH) {
      findings.miss(`${stream} is an archive within more archives than we look into`);
      return true;
    }
    await zip.locate(zip.entries);
    let begin = end;
    for (const entry of zip.entries) {
      begin = Math.min(begin, entry.headerOffset);
      if (entry.byteLength === 0) continue;
      const times = (seen.get(entry.name) ?? 0) + 1;
      seen.set(entry.name, times);
      const base = options.depth > 1 ? `${stream} › ${entry.name}` : entry.name;
      await walkEntry(whole, zip, entry, times > 1 ? `${base}#${times}` : base, findings, options);
    }
    if (begin >= end) break;
    end = begin;
  }
  return true;
}

async function directoryOf(
  source: ByteSource,
  stream: string,
  findings: Findings,
): Promise<ZipArchive | undefined> {
  try {
    return await openZip(source);
  } catch (error) {
    if (!isForgiven(error)) throw error;
    findings.miss(`the directory of ${stream} could not be read: ${error.message}`);
    return undefined;
  }
}

/** Flags and checksums that other readers pass over keep nothing from being looked at here. */
async function walkEntry(
  archive: ByteSource,
  zip: ZipArchive,
  entry: ZipEntry,
  name: string,
  findings: Findings,
  options: StreamOptions,
): Promise<void> {
  const isSealed = (entry.flags & ENCRYPTED_FLAG) !== 0;
  if (isSealed) findings.miss(`${name} says that it is encrypted`, entry.headerOffset);
  try {
    const member = await zip.source(isSealed ? { ...entry, flags: entry.flags & ~ENCRYPTED_FLAG } : entry);
    try {
      await walkStream(member, name, findings, { ...options, isSearched: false });
      await notePart(member, entry.name, name, findings);
    } finally {
      await member.close();
    }
  } catch (error) {
    if (!isForgiven(error)) throw error;
    findings.miss(`${name} could not be read: ${error.message}`, entry.headerOffset);
    const begin = Math.min(entry.headerOffset, archive.byteLength);
    const length = Math.min(entry.compressedByteLength + LOCAL_HEADER_ROOM, archive.byteLength - begin);
    await searchImports(spanSource(archive, begin, length), name, findings, { signal: options.signal });
  }
}

/** TorchScript's code lies in the archive as text, under `code/`; its debug records are pickles like any other. */
async function notePart(member: ByteSource, path: string, stream: string, findings: Findings): Promise<void> {
  const code = /(?:^|\/)code\/(.+)\.py$/.exec(path);
  if (!code) return;
  const length = Math.min(member.byteLength, XRAY_PART_BYTES);
  const text = Buffer.from(await member.read(0, length)).toString('utf8');
  findings.addPart({ kind: 'torchscript', name: code[1]!.replaceAll('/', '.'), stream, text });
}

/** An array of objects is a pickle behind its header. */
async function walkArray(
  source: ByteSource,
  stream: string,
  head: Uint8Array,
  findings: Findings,
  { signal }: StreamOptions,
): Promise<void> {
  const view = new DataView(head.buffer, head.byteOffset, head.byteLength);
  if (head.byteLength < 12) return;
  const begin = head[6] === 1 ? 10 + view.getUint16(8, true) : 12 + view.getUint32(8, true);
  if (begin > source.byteLength) return;
  const header = latin1(await source.read(0, Math.min(begin, source.byteLength, XRAY_PART_BYTES), signal));
  await readChain(source, stream, findings, { begin, isExpected: /['|]O/.test(header), signal });
}

/** gzip, or zlib: its two bytes are a multiple of 31. */
function isDeflated(head: Uint8Array): boolean {
  const [first = 0, second = 0] = head;
  return (first === 0x1f && second === 0x8b) || (first === 0x78 && (first * 256 + second) % 31 === 0);
}

/** A stream that is compressed as a whole is unpacked into memory, as far as the limit allows. */
async function walkUnpacked(
  source: ByteSource,
  stream: string,
  findings: Findings,
  options: StreamOptions & { readonly depth: number },
): Promise<void> {
  if (source.byteLength > XRAY_PACKED_BYTES || options.depth > XRAY_DEPTH) {
    findings.miss(`${stream} is compressed and too long to be unpacked here`);
    return;
  }
  const packed = await source.read(0, source.byteLength, options.signal);
  const inner = `${stream} › unpacked`;
  try {
    const bytes = await unpack(packed, { maxOutputLength: XRAY_UNPACKED_BYTES });
    await walkStream(memorySource(bytes, inner), inner, findings, { ...options, isSearched: false });
  } catch (error) {
    if (isAppError(error)) throw error;
    const isLong = (error as { code?: unknown }).code === 'ERR_BUFFER_TOO_LARGE';
    findings.miss(
      isLong
        ? `${stream} unpacks to more than ${XRAY_UNPACKED_BYTES} bytes and is not looked into`
        : `${stream} begins like compressed data and could not be unpacked`,
    );
  }
}

async function walkTar(
  source: ByteSource,
  stream: string,
  findings: Findings,
  options: StreamOptions & { readonly depth: number },
): Promise<void> {
  if (options.depth > XRAY_DEPTH) {
    findings.miss(`${stream} is an archive within more archives than we look into`);
    return;
  }
  const { members, end, fault } = await readTar(source, { signal: options.signal });
  for (const { name, offset, byteLength, isFile } of members) {
    if (!isFile || byteLength === 0 || offset + byteLength > source.byteLength) continue;
    const path = options.depth > 1 ? `${stream} › ${name}` : name;
    await walkStream(spanSource(source, offset, byteLength), path, findings, options);
  }
  if (!fault) return;
  findings.miss(`${stream} is a tar archive that is cut short or damaged`, end);
  await searchImports(source, stream, findings, { begin: end, signal: options.signal });
}

/** What a damaged part may throw; anything else ends the X-ray. */
function isForgiven(error: unknown): error is Error {
  return isAppError(error) && !['io', 'cancelled', 'internal'].includes(error.code);
}

function latin1(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('latin1');
}
