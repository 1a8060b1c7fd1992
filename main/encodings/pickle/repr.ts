import { asciiOf } from '#main/encodings/pickle/literals.ts';
import { textOf } from '#main/encodings/pickle/content.ts';
import {
  isObject,
  type PickleBytes,
  type PickleCall,
  type PickleDict,
  type PickleNode,
} from '#main/encodings/pickle/nodes.ts';

const ELLIPSIS = '…';
/** Nesting that is written out; deeper values are an ellipsis. */
const DEPTH = 8;

/**
 * A node as Python would print it, calls as the expression that they would have been.
 * @param length characters; what is longer ends in an ellipsis.
 */
export function reprOf(node: PickleNode, length = 200): string {
  const parts: string[] = [];
  // visiting ends when this is used up, so that shared and cyclic values cost no more than what is shown
  let left = length;

  function write(text: string): void {
    parts.push(text);
    left -= text.length;
  }

  function visit(value: PickleNode, depth: number): void {
    if (left < 0) return;
    if (!isObject(value)) return write(plain(value));
    if (depth > DEPTH) return write(ELLIPSIS);
    switch (value.kind) {
      case 'float':
        return write(floatText(value.value));
      case 'text':
        return write(value.value === undefined ? `<text of ${value.byteLength} bytes>` : quote(value.value));
      case 'bytes':
        return write(bytesText(value));
      case 'tuple':
        return list('(', value.items, value.items.length === 1 ? ',)' : ')', depth);
      case 'list':
        return list('[', value.items, ']', depth);
      case 'set':
        return list('{', value.items, '}', depth);
      case 'frozenset':
        return list('frozenset({', value.items, '})', depth);
      case 'dict':
        return dict(value, depth);
      case 'global':
        return write(`${value.module}.${value.name}`);
      case 'call':
        return call(value, depth);
      case 'persistent':
        return list('persistent_load(', [value.id], ')', depth);
      case 'buffer':
        return write(`<buffer ${value.index}>`);
    }
  }

  function list(open: string, items: readonly PickleNode[], close: string, depth: number): void {
    write(open);
    for (let index = 0; index < items.length && left >= 0; index++) {
      if (index > 0) write(', ');
      visit(items[index]!, depth + 1);
    }
    write(close);
  }

  function dict({ keys, values }: PickleDict, depth: number): void {
    write('{');
    for (let index = 0; index < keys.length && left >= 0; index++) {
      if (index > 0) write(', ');
      visit(keys[index]!, depth + 1);
      write(': ');
      visit(values[index]!, depth + 1);
    }
    write('}');
  }

  function call({ callable, args }: PickleCall, depth: number): void {
    visit(callable, depth + 1);
    if (isObject(args) && args.kind === 'tuple') list('(', args.items, ')', depth);
    else list('(*', [args], ')', depth);
  }

  visit(node, 0);
  const text = parts.join('');
  return left < 0 ? `${text.slice(0, length)}${ELLIPSIS}` : text;
}

function plain(value: null | boolean | number | bigint): string {
  if (value === null) return 'None';
  if (typeof value === 'boolean') return value ? 'True' : 'False';
  return String(value);
}

function floatText(value: number): string {
  if (Number.isNaN(value)) return 'nan';
  if (!Number.isFinite(value)) return value > 0 ? 'inf' : '-inf';
  if (Number.isInteger(value) && Math.abs(value) < 1e16) return Object.is(value, -0) ? '-0.0' : `${value}.0`;
  return String(value);
}

function bytesText(node: PickleBytes): string {
  const text = textOf(node);
  if (text !== undefined) return quote(text);
  if (node.content === undefined) return `<${node.type} of ${node.byteLength} bytes>`;
  const quoted = `b${quote(asciiOf(node.content), 0x7f)}`;
  return node.type === 'bytearray' ? `bytearray(${quoted})` : quoted;
}

const NAMED_ESCAPES: ReadonlyMap<string, string> = new Map([
  ['\\', '\\\\'],
  ['\n', '\\n'],
  ['\r', '\\r'],
  ['\t', '\\t'],
]);

/** @param escapeFrom code point from which on characters are written as escapes. */
function quote(text: string, escapeFrom = Infinity): string {
  const mark = text.includes("'") && !text.includes('"') ? '"' : "'";
  let quoted = mark;
  for (const character of text) {
    const code = character.codePointAt(0)!;
    if (character === mark) quoted += `\\${mark}`;
    else if (NAMED_ESCAPES.has(character)) quoted += NAMED_ESCAPES.get(character)!;
    else if (code < 0x20 || code === 0x7f || code >= escapeFrom)
      quoted += `\\x${code.toString(16).padStart(2, '0')}`;
    else quoted += character;
  }
  return quoted + mark;
}
