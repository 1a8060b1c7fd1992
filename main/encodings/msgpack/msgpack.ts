// MessagePack: https://github.com/msgpack/msgpack/blob/master/spec.md (2013 and later: str, bin, ext).
import {
  MSGPACK_DEPTH,
  MSGPACK_TEXT_BYTES,
  MSGPACK_TEXTS_BYTES,
  MSGPACK_VALUES,
} from '#main/bytes/limits.ts';
import { sourceCursor } from '#main/bytes/source-cursor.ts';
import type { ByteSource } from '#main/bytes/source.ts';
import { readHeader, type MsgpackHeader } from '#main/encodings/msgpack/header.ts';
import type { MsgpackKey, MsgpackNode } from '#main/encodings/msgpack/nodes.ts';
import { AppError } from '#shared/errors.ts';

export interface MsgpackDocument {
  readonly root: MsgpackNode;
  /** Byte of the source that follows it. */
  readonly end: number;
}

/** A container that is being filled. */
type Open =
  | {
      readonly kind: 'map';
      readonly offset: number;
      left: number;
      key: MsgpackKey | undefined;
      readonly entries: [MsgpackKey, MsgpackNode][];
    }
  | { readonly kind: 'array'; readonly offset: number; left: number; readonly items: MsgpackNode[] };

/**
 * Reads one value of a source, containers with all that is in them. The bytes of binary and extension values,
 * and of texts too long for showing, are passed over: their places are kept.
 * @param begin first byte of the value.
 * @throws AppError `corrupt` for what is no MessagePack or reaches beyond the end, `limit`.
 */
export async function readMsgpack(source: ByteSource, begin = 0): Promise<MsgpackDocument> {
  const cursor = sourceCursor(source, begin);
  const open: Open[] = [];
  let values = 0;
  let textBytes = 0;

  /** The value that begins here, unless it is a container, which is put on the stack. */
  async function next(): Promise<MsgpackNode | undefined> {
    const offset = cursor.position();
    if (++values > MSGPACK_VALUES) throw tooMuch(`more than ${MSGPACK_VALUES} values`, offset, source);
    const header = await readHeader(cursor, source.name);
    switch (header.kind) {
      case 'map':
      case 'array':
        enter(header, offset);
        return undefined;
      case 'text':
        return text(header.byteLength, offset);
      case 'binary': {
        const at = cursor.position();
        cursor.skip(header.byteLength);
        return { kind: 'binary', offset, begin: at, byteLength: header.byteLength };
      }
      case 'extension': {
        const at = cursor.position();
        cursor.skip(header.byteLength);
        return { kind: 'extension', offset, type: header.type, begin: at, byteLength: header.byteLength };
      }
      case 'value':
        return { kind: 'value', offset, value: header.value };
    }
  }

  function enter(header: Extract<MsgpackHeader, { kind: 'map' | 'array' }>, offset: number): void {
    if (open.length >= MSGPACK_DEPTH)
      throw tooMuch(`values nested deeper than ${MSGPACK_DEPTH}`, offset, source);
    const least = header.kind === 'map' ? 2 * header.count : header.count;
    if (least > cursor.remaining()) {
      throw new AppError(
        'corrupt',
        `${header.kind === 'map' ? 'a map' : 'an array'} has more entries than the file has room for`,
        {
          file: source.name,
          offset,
          expected: `at most ${cursor.remaining()} bytes of entries`,
          found: `${header.count} entries`,
        },
      );
    }
    if (header.kind === 'map')
      open.push({ kind: 'map', offset, left: header.count, key: undefined, entries: [] });
    else open.push({ kind: 'array', offset, left: header.count, items: [] });
  }

  async function text(byteLength: number, offset: number): Promise<MsgpackNode> {
    const at = cursor.position();
    textBytes += byteLength;
    if (byteLength > MSGPACK_TEXT_BYTES || textBytes > MSGPACK_TEXTS_BYTES) {
      cursor.skip(byteLength);
      return { kind: 'text', offset, begin: at, byteLength };
    }
    const bytes = (await cursor.take(byteLength)).bytes(byteLength);
    try {
      const value = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
      return { kind: 'text', offset, begin: at, byteLength, value };
    } catch {
      return { kind: 'text', offset, begin: at, byteLength };
    }
  }

  for (;;) {
    let done = await next();
    // a full container is a value of the one around it
    for (let top = open.at(-1); done !== undefined || top?.left === 0; top = open.at(-1)) {
      if (done === undefined) {
        open.pop();
        done = closed(top!);
      } else if (top) {
        place(top, done, source);
        done = undefined;
      } else return { root: done, end: cursor.position() };
    }
  }
}

function closed(container: Open): MsgpackNode {
  const { kind, offset } = container;
  return kind === 'map'
    ? { kind, offset, entries: container.entries }
    : { kind, offset, items: container.items };
}

function place(container: Open, node: MsgpackNode, source: ByteSource): void {
  if (container.kind === 'array') {
    container.items.push(node);
    container.left--;
  } else if (container.key === undefined) container.key = keyOf(node, source);
  else {
    container.entries.push([container.key, node]);
    container.key = undefined;
    container.left--;
  }
}

function keyOf(node: MsgpackNode, source: ByteSource): MsgpackKey {
  if (node.kind === 'text' && node.value !== undefined) return { text: node.value, offset: node.offset };
  if (node.kind === 'value' && ['number', 'bigint', 'boolean'].includes(typeof node.value)) {
    return { text: String(node.value), offset: node.offset };
  }
  if (node.kind === 'text' && node.byteLength > MSGPACK_TEXT_BYTES) {
    throw new AppError('limit', 'a key is longer than we hold', {
      file: source.name,
      offset: node.offset,
      expected: `at most ${MSGPACK_TEXT_BYTES} bytes`,
      found: `${node.byteLength} bytes`,
    });
  }
  throw new AppError('corrupt', 'a key is neither a text nor a number', {
    file: source.name,
    offset: node.offset,
    found:
      node.kind === 'text'
        ? 'a text that is too long or no UTF-8'
        : node.kind === 'value'
          ? 'nil or a fraction'
          : node.kind,
  });
}

function tooMuch(what: string, offset: number, source: ByteSource): AppError {
  return new AppError('limit', `the file holds ${what}`, { file: source.name, offset });
}
