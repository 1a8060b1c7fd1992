import type { ByteSource } from '#main/bytes/source.ts';
import { decodeRawUnicodeEscape, decodeUtf8, unescapeBytes } from '#main/encodings/pickle/literals.ts';
import {
  asKind,
  globalName,
  itemsOf,
  type PickleNode,
  type PickleSpan,
} from '#main/encodings/pickle/nodes.ts';
import { AppError } from '#shared/errors.ts';

/** Builtins that make bytes, by the module names of Python 3 and 2. */
const BYTES_MAKERS: ReadonlySet<string> = new Set([
  'builtins.bytes',
  'builtins.bytearray',
  '__builtin__.bytes',
  '__builtin__.bytearray',
]);
/** How protocols 0 to 2 spell bytes: text whose code points are the bytes. */
const ENCODER = '_codecs.encode';

/** The text of a text node, or of a Python 2 string, as far as it was held while reading. */
export function textOf(node: PickleNode | undefined): string | undefined {
  const text = asKind(node, 'text');
  if (text) return text.value;
  const bytes = asKind(node, 'bytes');
  return bytes?.type === 'str' && bytes.content ? decodeUtf8(bytes.content) : undefined;
}

/** Where the value of a bytes-like node stands in the stream as it is, so that it can be pointed at. */
export function spanOf(node: PickleNode | undefined): PickleSpan | undefined {
  const inner = unwrapBytes(node);
  const bytes = asKind(inner, 'bytes');
  return bytes?.spelling === 'raw' ? bytes : undefined;
}

/** The bytes that a bytes-like node stands for, when they were held while reading. */
export function heldBytes(node: PickleNode | undefined): Uint8Array | undefined {
  const inner = unwrapBytes(node);
  if (inner === undefined) return undefined;
  const text = asKind(inner, 'text');
  return text
    ? text.value === undefined
      ? undefined
      : latin1Bytes(text.value)
    : asKind(inner, 'bytes')?.content;
}

/** Whether the node stands for bytes, however it is spelled. */
export function isBytesLike(node: PickleNode | undefined): boolean {
  return unwrapBytes(node) !== undefined;
}

/**
 * Reads the bytes that a bytes-like node stands for. The caller owns them.
 * @param source the one that the pickle was read from.
 * @param limit bytes of the stream to take at most.
 * @throws AppError `corrupt` for other nodes and for text that is not Latin-1, `limit`.
 */
export async function bytesOf(node: PickleNode, source: ByteSource, limit: number): Promise<Uint8Array> {
  const held = heldBytes(node);
  if (held) return held.slice();
  const inner = unwrapBytes(node);
  const span = asKind(inner, 'bytes') ?? asKind(inner, 'text');
  if (!span) throw new AppError('corrupt', 'the pickle should have bytes here', { file: source.name });
  if (span.byteLength > limit) {
    throw new AppError('limit', 'the pickle spells out more bytes than we unfold at once', {
      file: source.name,
      offset: span.offset,
      expected: `at most ${limit} bytes`,
      found: `${span.byteLength} bytes`,
    });
  }
  const stored = await source.read(span.offset, span.byteLength);
  if (span.kind === 'bytes') return span.spelling === 'raw' ? stored : unescapeBytes(stored);
  return latin1Bytes(span.spelling === 'utf8' ? decodeUtf8(stored) : decodeRawUnicodeEscape(stored));
}

/** The bytes or Latin-1 text node at the bottom of what makes bytes. */
function unwrapBytes(node: PickleNode | undefined): PickleNode | undefined {
  if (asKind(node, 'bytes')) return node;
  const call = asKind(node, 'call');
  if (!call) return undefined;
  const maker = globalName(call.callable);
  const args = itemsOf(call.args) ?? [];
  if (maker !== undefined && BYTES_MAKERS.has(maker)) {
    if (args.length === 0) return EMPTY;
    return unwrapBytes(args[0]) ?? (isLatin1(args[1]) ? asKind(args[0], 'text') : undefined);
  }
  return maker === ENCODER && isLatin1(args[1]) ? asKind(args[0], 'text') : undefined;
}

const EMPTY: PickleNode = {
  kind: 'bytes',
  type: 'bytes',
  spelling: 'raw',
  offset: 0,
  byteLength: 0,
  content: new Uint8Array(0),
};

function isLatin1(node: PickleNode | undefined): boolean {
  return ['latin1', 'latin-1'].includes(textOf(node) ?? '');
}

function latin1Bytes(text: string): Uint8Array {
  const bytes = Uint8Array.from(Buffer.from(text, 'latin1'));
  for (let index = 0; index < text.length; index++) {
    if (text.charCodeAt(index) > 0xff)
      throw new AppError('corrupt', 'the pickle spells bytes with text that is not Latin-1');
  }
  return bytes;
}
