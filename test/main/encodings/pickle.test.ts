import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import { PICKLE_WINDOW_BYTES } from '#main/bytes/limits.ts';
import { memorySource } from '#main/bytes/memory-source.ts';
import type { PickleNode } from '#main/encodings/pickle/nodes.ts';
import { OPCODES } from '#main/encodings/pickle/opcodes.ts';
import { readPickle, scanPickle, type ImportedName } from '#main/encodings/pickle/pickle.ts';
import { AppError } from '#shared/errors.ts';

const FIXTURES = fileURLToPath(new URL('../../fixtures/pickle/', import.meta.url));

/** As the generator script tells values: floats and bytes by their bits. */
function tell(node: PickleNode): unknown {
  if (node === null || typeof node === 'boolean' || typeof node === 'number') return node;
  if (typeof node === 'bigint') return { int: String(node) };
  switch (node.kind) {
    case 'float': {
      if (Number.isNaN(node.value)) return { float: 'nan' };
      const view = new DataView(new ArrayBuffer(8));
      view.setFloat64(0, node.value);
      return { float: hex(new Uint8Array(view.buffer)) };
    }
    case 'text':
      return { text: node.value };
    case 'bytes':
      return { [node.type]: node.content === undefined ? node.byteLength : hex(node.content) };
    case 'tuple':
    case 'list':
    case 'set':
    case 'frozenset':
      return { [node.kind]: node.items.map(tell) };
    case 'dict':
      return { dict: node.keys.map((key, index) => [tell(key), tell(node.values[index]!)]) };
    case 'global':
      return { global: `${node.module} ${node.name}`, ...effects(node) };
    case 'call':
      return {
        call: node.opcode,
        of: tell(node.callable),
        args: tell(node.args),
        ...(node.keywords === undefined ? {} : { keywords: tell(node.keywords) }),
        ...effects(node),
      };
    case 'persistent':
      return { persistent: tell(node.id), ...effects(node) };
    case 'buffer':
      return { buffer: node.index };
  }
}

function effects(node: { states?: PickleNode[]; items?: PickleNode[]; entries?: PickleNode }): object {
  return {
    ...(node.states ? { states: node.states.map(tell) } : {}),
    ...(node.items ? { items: node.items.map(tell) } : {}),
    ...(node.entries ? { entries: tell(node.entries) } : {}),
  };
}

function hex(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('hex').toUpperCase();
}

function latin1(text: string): Uint8Array {
  return Uint8Array.from(Buffer.from(text, 'latin1'));
}

const asRows = (imports: readonly ImportedName[]): unknown =>
  imports.map((i) => [i.module, i.name, i.offset]);

interface Row {
  readonly protocol: number;
  readonly pickle: string;
  readonly imports: unknown;
  readonly value: unknown;
}

describe.each(['values-3.json', 'values-2.json'])('%s: what Python pickled is what is read', (file) => {
  const rows = JSON.parse(readFileSync(FIXTURES + file, 'utf8')) as Row[];
  it.each([0, 1, 2, 3, 4, 5])('protocol %i', async (protocol) => {
    for (const row of rows.filter((candidate) => candidate.protocol === protocol)) {
      const bytes = Uint8Array.from(Buffer.from(row.pickle, 'base64'));
      const padded = memorySource(new Uint8Array([1, 2, 3, ...bytes, 4, 5]));
      const pickle = await readPickle(padded, { begin: 3 });
      expect(shortened(tell(pickle.root))).toEqual(shortened(row.value));
      expect(pickle.end).toBe(3 + bytes.byteLength);
      expect(pickle.protocol).toBeLessThanOrEqual(protocol);
      expect(asRows((await readPickle(bytes)).imports)).toEqual(row.imports);
    }
  });
});

/** Bytes beyond the held length are known by their length alone; escaped ones by the length of their spelling. */
function shortened(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(shortened);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value).map(([key, inner]) =>
      ['bytes', 'bytearray', 'str'].includes(key) && (typeof inner === 'number' || inner.length > 512)
        ? [key, 'long']
        : [key, shortened(inner)],
    ),
  );
}

it('knows every opcode that Python knows', () => {
  const python = JSON.parse(readFileSync(`${FIXTURES}opcodes.json`, 'utf8')) as [number, string, number][];
  const ours = [...OPCODES].map(([code, { name, protocol }]) => [code, name, protocol] as const);
  const byCode = (a: readonly [number, ...unknown[]], b: readonly [number, ...unknown[]]): number =>
    a[0] - b[0];
  expect([...ours].sort(byCode)).toEqual([...python].sort(byCode));
});

describe('calls, states and names are recorded, never acted upon', () => {
  const check = (name: string, pickle: string, expected: unknown): void => {
    it(name, async () => expect(tell((await readPickle(latin1(pickle))).root)).toEqual(expected));
  };
  check('REDUCE keeps callable and arguments', "cos\nsystem\n(S'ls'\ntR.", {
    call: 'REDUCE',
    of: { global: 'os system' },
    args: { tuple: [{ str: '6C73' }] },
  });
  check('INST', "(S'a'\ni__main__\nOld\n.", {
    call: 'INST',
    of: { global: '__main__ Old' },
    args: { tuple: [{ str: '61' }] },
  });
  check('OBJ', '(c__main__\nOld\nK\x01K\x02o.', {
    call: 'OBJ',
    of: { global: '__main__ Old' },
    args: { tuple: [1, 2] },
  });
  check('NEWOBJ, then BUILD twice', '\x80\x02cm\nC\n)\x81}b(K\x01K\x02tb.', {
    call: 'NEWOBJ',
    of: { global: 'm C' },
    args: { tuple: [] },
    states: [{ dict: [] }, { tuple: [1, 2] }],
  });
  check('NEWOBJ_EX keeps keywords', '\x80\x04\x8c\x01m\x8c\x01C\x93)}\x8c\x01kK\x07s\x92.', {
    call: 'NEWOBJ_EX',
    of: { global: 'm C' },
    args: { tuple: [] },
    keywords: { dict: [[{ text: 'k' }, 7]] },
  });
  check(
    'items and entries of described objects',
    '\x80\x02cm\nC\n)R(K\x01K\x02eK\x03a(K\x04K\x05uK\x06K\x07s.',
    {
      call: 'REDUCE',
      of: { global: 'm C' },
      args: { tuple: [] },
      items: [1, 2, 3],
      entries: {
        dict: [
          [4, 5],
          [6, 7],
        ],
      },
    },
  );
  check('persistent ids as text and as any value', '(Pstorage 1\n(K\x01K\x02tQt.', {
    tuple: [{ persistent: { text: 'storage 1' } }, { persistent: { tuple: [1, 2] } }],
  });
  check('sets', '\x80\x04\x8f(K\x01K\x02\x90(K\x03\x91\x86.', {
    tuple: [{ set: [1, 2] }, { frozenset: [3] }],
  });
  check('out-of-band buffers by their number', '\x80\x05\x97\x97\x98\x86.', {
    tuple: [{ buffer: 0 }, { buffer: 1 }],
  });
  check('extension codes', '\x80\x02\x82\x07\x83\x01\x02\x86.', {
    tuple: [{ global: 'copyreg extension 7' }, { global: 'copyreg extension 513' }],
  });
  check('POP takes a mark, POP_MARK a group, DUP repeats', '(0(K\x01K\x021K\x052\x86.', { tuple: [5, 5] });
  check('repeated keys stay', '}(K\x01K\x02K\x01K\x03u.', {
    dict: [
      [1, 2],
      [1, 3],
    ],
  });
  check('__proto__ is a key', "}S'__proto__'\nNs.", { dict: [[{ str: '5F5F70726F746F5F5F' }, null]] });
  check('the old booleans', '(I01\nI00\nI1\nt.', { tuple: [true, false, 1] });

  it('a value may contain itself', async () => {
    const { root } = await readPickle(latin1(']q\x00h\x00a.'));
    expect(root).toMatchObject({ kind: 'list' });
    const list = root as { items: unknown[] };
    expect(list.items[0]).toBe(list);
  });

  it('remembered values are shared', async () => {
    const { root } = await readPickle(latin1('(]q\x05h\x05t.'));
    const { items } = root as { items: unknown[] };
    expect(items[0]).toBe(items[1]);
  });
});

describe('bytes and long text stay where they are', () => {
  it('tells the position of bytes and reads none of them', async () => {
    const large = 8 * PICKLE_WINDOW_BYTES;
    const bytes = new Uint8Array(large + 7 + 20);
    bytes.set(latin1('\x80\x03B'), 0);
    new DataView(bytes.buffer).setUint32(3, large, true);
    bytes.set(latin1('K\x01\x86.'), 7 + large);
    const reads: number[] = [];
    const inner = memorySource(bytes);
    const counting = {
      ...inner,
      read: (offset: number, length: number) => {
        reads.push(length);
        return inner.read(offset, length);
      },
    };
    const pickle = await readPickle(counting);
    expect(pickle.root).toEqual({
      kind: 'tuple',
      items: [
        { kind: 'bytes', type: 'bytes', spelling: 'raw', offset: 7, byteLength: large, content: undefined },
        1,
      ],
    });
    expect(pickle.end).toBe(7 + large + 4);
    expect(reads).toEqual([PICKLE_WINDOW_BYTES, 20]);
  });

  it('finds lines longer than a window', async () => {
    const text = 'x'.repeat(3 * PICKLE_WINDOW_BYTES);
    const { root } = await readPickle(latin1(`(S'${text}'\nV${text}\nt.`));
    const [a, b] = (root as { items: { byteLength: number; value?: string }[] }).items;
    expect(a).toMatchObject({ offset: 3, byteLength: text.length });
    expect(b!.value).toBe(text);
  });
});

describe('what is no pickle is refused with its offset', () => {
  const check = (name: string, pickle: string, message: string, fields: object): void => {
    it(name, async () => {
      const error = await readPickle(latin1(pickle)).catch((thrown: unknown) => thrown);
      expect(error).toBeInstanceOf(AppError);
      expect({ message: (error as AppError).message, ...(error as AppError).fields }).toMatchObject({
        message,
        ...fields,
      });
    });
  };
  const cut = 'the pickle ends in the middle of a value';
  check('nothing', '', cut, { offset: 0 });
  check('no STOP', 'N', cut, { offset: 1 });
  check('a cut number', 'K', cut, { offset: 1 });
  check('a cut text', 'X\x05\x00\x00\x00abc', cut, { offset: 5, expected: '5 more bytes', found: '3 bytes' });
  check('bytes beyond the end', '\x8e\xff\xff\xff\xff\xff\xff\xff\x7f.', cut, { offset: 9 });
  check('a line without an end', 'I12', cut, { offset: 1 });
  check('an unknown opcode', 'N\xff.', 'this is no opcode of a pickle', { offset: 1, found: 'byte 0xff' });
  check('a newer protocol', '\x80\x06N.', 'the pickle is of protocol 6', { offset: 0 });
  check('an empty stack', '.', 'the pickle takes a value where it has put none', { offset: 0 });
  check('values below a mark', 'K\x01(0(a.', 'the pickle takes a value where it has put none', { offset: 5 });
  check('a group never opened', 't.', 'the pickle closes a group that it has not opened', { offset: 0 });
  check('a value never remembered', 'h\x05.', 'the pickle asks for value 5, which it has not remembered', {});
  check('a key without a value', '}(K\x01u.', 'the pickle sets a key without a value', {});
  check('items for a tuple', ')(K\x01e.', 'the pickle adds items to a tuple', {});
  check('a state for a number', 'K\x01}b.', 'the pickle gives a state to a number', {});
  check('letters as an integer', 'I1x2\n.', 'the pickle should have an integer here', { found: '1x2' });
  check('letters as a float', 'Fspam\n.', 'the pickle should have a float here', { found: 'spam' });
  check('a string without quotes', 'Sabc\n.', 'the pickle should have a quoted string here', {
    found: 'abc',
  });
  check('a negative length', 'T\xff\xff\xff\xffab.', 'the pickle states a negative length', { found: '-1' });
  check(
    'a frame beyond the end',
    '\x80\x04\x95\xff\x00\x00\x00\x00\x00\x00\x00N.',
    'a frame of the pickle is longer than the file',
    { offset: 2 },
  );
  check('a computed import', '\x80\x04K\x01K\x02\x93.', 'the pickle imports a name that is no text', {
    offset: 6,
  });
  check('an enormous integer', '\x8b\x00\x00\x10\x00', 'the pickle holds an integer longer than we read', {});

  it('imports found before the fault are kept', async () => {
    const reading = await scanPickle(latin1('cos\nsystem\n\xff'));
    expect(asRows(reading.imports)).toEqual([['os', 'system', 0]]);
    expect(reading.fault?.fields.offset).toBe(11);
  });

  it('a small file cannot unfold to more memory than its length allows', async () => {
    const bytes = new Uint8Array(2_000_000).fill(0x5d);
    const error = await readPickle(bytes).catch((thrown: unknown) => thrown);
    expect(error).toMatchObject({ code: 'limit' });
  });

  it('random bytes end in a value or an AppError', async () => {
    const opcodes = [...'()]}.0125NKJMGXTUBCabdehlopqrstuRQicIFLSVg\x80\x81\x85\x86\x87\x8c\x93\x94\x95'].map(
      (c) => c.charCodeAt(0),
    );
    const byte = fc.oneof(
      { weight: 3, arbitrary: fc.constantFrom(...opcodes) },
      { weight: 1, arbitrary: fc.nat(255) },
    );
    await fc.assert(
      fc.asyncProperty(fc.array(byte, { maxLength: 60 }), async (bytes) => {
        const reading = await scanPickle(Uint8Array.from(bytes));
        expect((reading.root === undefined) === (reading.fault !== undefined)).toBe(true);
        expect(reading.fault?.code).not.toBe('internal');
      }),
      { numRuns: 3000, seed: 5 },
    );
  });
});
