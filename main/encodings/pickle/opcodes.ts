// Every opcode of pickle protocols 0 to 5: Python's Lib/pickletools.py. None of them runs anything here.
import { PICKLE_HELD_BYTES, PICKLE_TEXT_BYTES } from '#main/bytes/limits.ts';
import {
  asciiOf,
  checkIntegerLength,
  decodeRawUnicodeEscape,
  decodeUtf8,
  parseFloat64,
  parseInteger,
  parseLong,
  unescapeBytes,
  unquote,
} from '#main/encodings/pickle/literals.ts';
import { textOf } from '#main/encodings/pickle/content.ts';
import {
  addItems,
  addState,
  NODE_COST,
  setItems,
  type PickleMachine,
} from '#main/encodings/pickle/machine.ts';
import {
  isObject,
  type CallOpcode,
  type PickleBytes,
  type PickleNode,
  type PickleSequence,
} from '#main/encodings/pickle/nodes.ts';
import { reprOf } from '#main/encodings/pickle/repr.ts';
import { AppError } from '#shared/errors.ts';

export interface Opcode {
  readonly name: string;
  /** Protocol that brought it. */
  readonly protocol: number;
  /** Acts on the machine; a promise only where bytes have to be waited for. */
  readonly run: (machine: PickleMachine) => void | Promise<void>;
}

export const STOP = 0x2e;
export const BUILD = 0x62;
const NEWEST_PROTOCOL = 5;

const row = (name: string, protocol: number, run: Opcode['run']): Opcode => ({ name, protocol, run });

/** Opcodes by their byte. */
export const OPCODES: ReadonlyMap<number, Opcode> = new Map<number, Opcode>([
  [0x80, row('PROTO', 2, startProtocol)],
  [0x95, row('FRAME', 4, (m) => checkFrame(m))],
  [STOP, row('STOP', 0, () => undefined)],

  [0x4e, row('NONE', 0, (m) => m.push(null))],
  [0x88, row('NEWTRUE', 2, (m) => m.push(true))],
  [0x89, row('NEWFALSE', 2, (m) => m.push(false))],

  [0x49, row('INT', 0, async (m) => pushInteger(m, await m.stream.line(), true))],
  [0x4a, row('BININT', 1, (m) => m.push(m.stream.i32()))],
  [0x4b, row('BININT1', 1, (m) => m.push(m.stream.u8()))],
  [0x4d, row('BININT2', 1, (m) => m.push(m.stream.u16()))],
  [0x4c, row('LONG', 0, async (m) => pushInteger(m, await m.stream.line(), false))],
  [0x8a, row('LONG1', 2, (m) => pushLong(m, m.stream.u8()))],
  [0x8b, row('LONG4', 2, (m) => pushLong(m, signedLength(m)))],
  [0x46, row('FLOAT', 0, async (m) => pushFloat(m, parseFloat64(await m.stream.line(), m.offset)))],
  [0x47, row('BINFLOAT', 1, (m) => pushFloat(m, m.stream.f64()))],

  [0x53, row('STRING', 0, pushQuoted)],
  [0x54, row('BINSTRING', 1, (m) => pushBytes(m, 'str', signedLength(m)))],
  [0x55, row('SHORT_BINSTRING', 1, (m) => pushBytes(m, 'str', m.stream.u8()))],
  [0x42, row('BINBYTES', 3, (m) => pushBytes(m, 'bytes', m.stream.u32()))],
  [0x43, row('SHORT_BINBYTES', 3, (m) => pushBytes(m, 'bytes', m.stream.u8()))],
  [0x8e, row('BINBYTES8', 4, (m) => pushBytes(m, 'bytes', Number(m.stream.u64())))],
  [0x96, row('BYTEARRAY8', 5, (m) => pushBytes(m, 'bytearray', Number(m.stream.u64())))],
  [0x97, row('NEXT_BUFFER', 5, pushBuffer)],
  [0x98, row('READONLY_BUFFER', 5, (m) => void m.top())],

  [0x56, row('UNICODE', 0, pushRawUnicode)],
  [0x8c, row('SHORT_BINUNICODE', 4, (m) => pushText(m, m.stream.u8()))],
  [0x58, row('BINUNICODE', 1, (m) => pushText(m, m.stream.u32()))],
  [0x8d, row('BINUNICODE8', 4, (m) => pushText(m, Number(m.stream.u64())))],

  [0x5d, row('EMPTY_LIST', 1, (m) => pushSequence(m, 'list', []))],
  [0x6c, row('LIST', 0, (m) => pushSequence(m, 'list', m.popToMark()))],
  [0x61, row('APPEND', 0, (m) => addItems(m, [m.pop()], 'list'))],
  [0x65, row('APPENDS', 1, (m) => addItems(m, m.popToMark(), 'list'))],
  [0x29, row('EMPTY_TUPLE', 1, (m) => pushSequence(m, 'tuple', []))],
  [0x74, row('TUPLE', 0, (m) => pushSequence(m, 'tuple', m.popToMark()))],
  [0x85, row('TUPLE1', 2, (m) => pushTuple(m, 1))],
  [0x86, row('TUPLE2', 2, (m) => pushTuple(m, 2))],
  [0x87, row('TUPLE3', 2, (m) => pushTuple(m, 3))],
  [0x7d, row('EMPTY_DICT', 1, (m) => pushDict(m, []))],
  [0x64, row('DICT', 0, (m) => pushDict(m, m.popToMark()))],
  [0x73, row('SETITEM', 0, setItem)],
  [0x75, row('SETITEMS', 1, (m) => setItems(m, m.popToMark()))],
  [0x8f, row('EMPTY_SET', 4, (m) => pushSequence(m, 'set', []))],
  [0x90, row('ADDITEMS', 4, (m) => addItems(m, m.popToMark(), 'set'))],
  [0x91, row('FROZENSET', 4, (m) => pushSequence(m, 'frozenset', m.popToMark()))],

  [0x28, row('MARK', 0, (m) => m.mark())],
  [0x30, row('POP', 0, (m) => m.discard())],
  [0x31, row('POP_MARK', 1, (m) => void m.popToMark())],
  [0x32, row('DUP', 0, (m) => m.push(m.top()))],
  [0x67, row('GET', 0, async (m) => m.push(m.recall(memoIndex(m, await m.stream.line()))))],
  [0x68, row('BINGET', 1, (m) => m.push(m.recall(m.stream.u8())))],
  [0x6a, row('LONG_BINGET', 1, (m) => m.push(m.recall(m.stream.u32())))],
  [0x70, row('PUT', 0, async (m) => m.memoize(memoIndex(m, await m.stream.line()), m.top()))],
  [0x71, row('BINPUT', 1, (m) => m.memoize(m.stream.u8(), m.top()))],
  [0x72, row('LONG_BINPUT', 1, (m) => m.memoize(m.stream.u32(), m.top()))],
  [0x94, row('MEMOIZE', 4, (m) => m.memoize(m.memoCount(), m.top()))],

  [0x63, row('GLOBAL', 0, async (m) => m.push(await readGlobal(m)))],
  [0x93, row('STACK_GLOBAL', 4, pushStackGlobal)],
  [0x82, row('EXT1', 2, (m) => pushExtension(m, m.stream.u8()))],
  [0x83, row('EXT2', 2, (m) => pushExtension(m, m.stream.u16()))],
  [0x84, row('EXT4', 2, (m) => pushExtension(m, m.stream.i32()))],

  [0x52, row('REDUCE', 0, (m) => pushCall(m, 'REDUCE', m.pop()))],
  [0x81, row('NEWOBJ', 2, (m) => pushCall(m, 'NEWOBJ', m.pop()))],
  [0x92, row('NEWOBJ_EX', 4, callWithKeywords)],
  [0x6f, row('OBJ', 1, callFromMark)],
  [0x69, row('INST', 0, instantiate)],
  [BUILD, row('BUILD', 0, (m) => addState(m, m.pop()))],

  [0x50, row('PERSID', 0, async (m) => pushPersistent(m, textNode(m, asciiOf(await m.stream.line()))))],
  [0x51, row('BINPERSID', 1, (m) => pushPersistent(m, m.pop()))],
]);

/** Bytes that an opcode and its fixed part take at most. */
export const FIXED_BYTES = 9;

function startProtocol(machine: PickleMachine): void {
  const version = machine.stream.u8();
  if (version > NEWEST_PROTOCOL) {
    throw new AppError('unsupported', `the pickle is of protocol ${version}`, {
      file: machine.stream.file,
      offset: machine.offset,
      expected: `at most ${NEWEST_PROTOCOL}`,
      found: String(version),
    });
  }
  machine.protocol = Math.max(machine.protocol, version);
}

function checkFrame(machine: PickleMachine): void {
  const length = Number(machine.stream.u64());
  const left = machine.stream.end - machine.stream.position;
  if (length > left) {
    throw machine.fault(
      'a frame of the pickle is longer than the file',
      `${length} more bytes`,
      `${left} bytes`,
    );
  }
}

function pushInteger(machine: PickleMachine, line: Uint8Array, mayBeBoolean: boolean): void {
  // protocol 0 has no booleans of its own: 00 and 01 stand for them
  if (mayBeBoolean && line.byteLength === 2 && line[0] === 0x30 && (line[1]! & 0xfe) === 0x30) {
    machine.push(line[1] === 0x31);
    return;
  }
  const value = parseInteger(line, machine.offset);
  if (typeof value === 'bigint') machine.spend(NODE_COST.object + line.byteLength);
  machine.push(value);
}

/** Hands the next bytes to `use`, at once where they are in the window already. */
function withBytes(
  machine: PickleMachine,
  byteLength: number,
  use: (bytes: Uint8Array) => void,
): void | Promise<void> {
  const { stream } = machine;
  if (stream.holds(byteLength)) return use(stream.bytes(byteLength));
  return stream.fill(byteLength).then(() => use(stream.bytes(byteLength)));
}

function pushLong(machine: PickleMachine, byteLength: number): void | Promise<void> {
  checkIntegerLength(byteLength, machine.offset);
  return withBytes(machine, byteLength, (bytes) => {
    const value = parseLong(bytes, machine.offset);
    if (typeof value === 'bigint') machine.spend(NODE_COST.object + byteLength);
    machine.push(value);
  });
}

function pushFloat(machine: PickleMachine, value: number): void {
  machine.spend(NODE_COST.float);
  machine.push({ kind: 'float', value });
}

function signedLength(machine: PickleMachine): number {
  const length = machine.stream.i32();
  if (length < 0) throw machine.fault('the pickle states a negative length', 'a length', String(length));
  return length;
}

function pushBytes(
  machine: PickleMachine,
  type: PickleBytes['type'],
  byteLength: number,
): void | Promise<void> {
  const { stream } = machine;
  machine.spend(NODE_COST.object + Math.min(byteLength, PICKLE_HELD_BYTES));
  const offset = stream.position;
  const push = (content: Uint8Array | undefined): void =>
    machine.push({ kind: 'bytes', type, spelling: 'raw', offset, byteLength, content });
  if (byteLength <= PICKLE_HELD_BYTES) return withBytes(machine, byteLength, (bytes) => push(bytes.slice()));
  stream.skip(byteLength);
  push(undefined);
}

async function pushQuoted(machine: PickleMachine): Promise<void> {
  const begin = machine.stream.position;
  const line = await machine.stream.line();
  const text = unquote(line, machine.offset);
  machine.spend(NODE_COST.object + Math.min(text.byteLength, PICKLE_HELD_BYTES));
  machine.push({
    kind: 'bytes',
    type: 'str',
    spelling: 'escaped',
    offset: begin + (text.byteOffset - line.byteOffset),
    byteLength: text.byteLength,
    content: text.byteLength <= PICKLE_HELD_BYTES ? unescapeBytes(text) : undefined,
  });
}

function pushText(machine: PickleMachine, byteLength: number): void | Promise<void> {
  const { stream } = machine;
  const offset = stream.position;
  const push = (value: string | undefined): void =>
    machine.push({ kind: 'text', spelling: 'utf8', offset, byteLength, value });
  if (byteLength <= PICKLE_TEXT_BYTES) {
    machine.spend(NODE_COST.object + byteLength);
    if (stream.holds(byteLength)) return push(stream.text(byteLength));
    return stream.fill(byteLength).then(() => push(stream.text(byteLength)));
  }
  machine.spend(NODE_COST.object);
  stream.skip(byteLength);
  push(undefined);
}

async function pushRawUnicode(machine: PickleMachine): Promise<void> {
  const offset = machine.stream.position;
  const line = await machine.stream.line();
  const { byteLength } = line;
  const isShort = byteLength <= PICKLE_TEXT_BYTES;
  machine.spend(NODE_COST.object + (isShort ? byteLength : 0));
  const value = isShort ? decodeRawUnicodeEscape(line) : undefined;
  machine.push({ kind: 'text', spelling: 'raw-unicode-escape', offset, byteLength, value });
}

function textNode(machine: PickleMachine, value: string): PickleNode {
  machine.spend(NODE_COST.object + value.length);
  const offset = machine.offset + 1;
  return { kind: 'text', spelling: 'raw-unicode-escape', offset, byteLength: value.length, value };
}

function pushBuffer(machine: PickleMachine): void {
  machine.spend(NODE_COST.object);
  machine.push({ kind: 'buffer', index: machine.bufferCount++ });
}

function pushSequence(machine: PickleMachine, kind: PickleSequence['kind'], items: PickleNode[]): void {
  machine.spend(NODE_COST.object + items.length * NODE_COST.item);
  machine.push({ kind, items });
}

function pushTuple(machine: PickleMachine, count: number): void {
  const items: PickleNode[] = [];
  for (let index = 0; index < count; index++) items.unshift(machine.pop());
  pushSequence(machine, 'tuple', items);
}

function pushDict(machine: PickleMachine, pairs: readonly PickleNode[]): void {
  machine.spend(2 * NODE_COST.object);
  machine.push({ kind: 'dict', keys: [], values: [] });
  setItems(machine, pairs);
}

function setItem(machine: PickleMachine): void {
  const value = machine.pop();
  const key = machine.pop();
  setItems(machine, [key, value]);
}

function memoIndex(machine: PickleMachine, line: Uint8Array): number {
  const index = parseInteger(line, machine.offset);
  if (typeof index === 'number' && index >= 0) return index;
  throw machine.fault('the pickle numbers a remembered value below 0 or beyond all measure');
}

async function readGlobal(machine: PickleMachine): Promise<PickleNode> {
  const module = decodeUtf8(await machine.stream.line());
  const name = decodeUtf8(await machine.stream.line());
  return globalNode(machine, module, name);
}

function globalNode(machine: PickleMachine, module: string, name: string): PickleNode {
  machine.spend(2 * NODE_COST.object + module.length + name.length);
  const { offset } = machine;
  machine.imports.push({ module, name, offset });
  return { kind: 'global', module, name, offset };
}

function pushStackGlobal(machine: PickleMachine): void {
  const name = machine.pop();
  const module = machine.pop();
  machine.push(globalNode(machine, nameText(machine, module), nameText(machine, name)));
}

/** Python 2's strings are read as text by default, and what a call gives back may be text as well: then the call stands for it. */
function nameText(machine: PickleMachine, node: PickleNode): string {
  const text = textOf(node);
  if (text !== undefined) return text;
  if (isObject(node) && ['call', 'persistent', 'global', 'buffer'].includes(node.kind)) return reprOf(node);
  throw machine.fault('the pickle imports a name that is no text');
}

/** The extension registry lives in the process that wrote the pickle; only the code is known. */
function pushExtension(machine: PickleMachine, code: number): void {
  if (code <= 0)
    throw machine.fault('the pickle uses an extension code that cannot be', 'a code above 0', `${code}`);
  machine.push(globalNode(machine, 'copyreg', `extension ${code}`));
}

function pushCall(
  machine: PickleMachine,
  opcode: CallOpcode,
  args: PickleNode,
  callable = machine.pop(),
  keywords?: PickleNode,
): void {
  machine.spend(2 * NODE_COST.object);
  const { offset } = machine;
  if (keywords === undefined) machine.push({ kind: 'call', opcode, callable, args, offset });
  else machine.push({ kind: 'call', opcode, callable, args, keywords, offset });
}

function callWithKeywords(machine: PickleMachine): void {
  const keywords = machine.pop();
  const args = machine.pop();
  pushCall(machine, 'NEWOBJ_EX', args, machine.pop(), keywords);
}

function callFromMark(machine: PickleMachine): void {
  const [callable, ...items] = machine.popToMark();
  if (callable === undefined) throw machine.fault('the pickle makes an object of no class');
  pushCall(machine, 'OBJ', { kind: 'tuple', items }, callable);
}

async function instantiate(machine: PickleMachine): Promise<void> {
  const callable = await readGlobal(machine);
  pushCall(machine, 'INST', { kind: 'tuple', items: machine.popToMark() }, callable);
}

function pushPersistent(machine: PickleMachine, id: PickleNode): void {
  machine.spend(2 * NODE_COST.object);
  machine.push({ kind: 'persistent', id });
}
