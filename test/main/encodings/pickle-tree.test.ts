import { describe, expect, it } from 'vitest';

import { asKind, type PickleNode } from '#main/encodings/pickle/nodes.ts';
import { readPickle } from '#main/encodings/pickle/pickle.ts';
import { reprOf } from '#main/encodings/pickle/repr.ts';
import { walkTree, type PickleTree } from '#main/encodings/pickle/tree.ts';

/** Reads a pickle spelled in Latin-1 and takes calls of `m.Leaf` for leaves, named by their argument. */
async function walk(pickle: string): Promise<PickleTree<unknown>> {
  const { root } = await readPickle(Uint8Array.from(Buffer.from(pickle, 'latin1')));
  return walkTree(root, (node) => {
    const call = asKind(node, 'call');
    if (asKind(call?.callable, 'global')?.name === 'Same')
      return { kind: 'same', node: asKind(call!.args, 'tuple')!.items[0]! };
    if (asKind(call?.callable, 'global')?.name !== 'Leaf') return undefined;
    return { kind: 'leaf', leaf: asKind(call!.args, 'tuple')!.items[0] };
  });
}

const leaf = (id: number): string => `cm\nLeaf\n(K${String.fromCharCode(id)}tR`;

describe('leaves are named by the path to them', () => {
  const check = (
    name: string,
    pickle: string,
    expected: Partial<Record<keyof PickleTree<unknown>, unknown>>,
  ): void => {
    it(name, async () => {
      const { layout, leaves, metadata, problems } = await walk(pickle);
      const found = {
        layout,
        leaves: leaves.map(({ path, leaf: id }) => [path.join('.'), id]),
        metadata,
        problems,
      };
      expect(found).toMatchObject(expected);
    });
  };
  check('a lone leaf', `${leaf(5)}.`, { layout: 'leaf', leaves: [['', 5]], metadata: {} });
  check('a list', `(${leaf(5)}${leaf(6)}l.`, {
    layout: 'list',
    leaves: [
      ['0', 5],
      ['1', 6],
    ],
    metadata: {},
  });
  check('a tuple', `(${leaf(5)}K\x07t.`, { layout: 'list', leaves: [['0', 5]], metadata: { 1: 7 } });
  check(
    'a dict with every kind of key',
    `(S'a.b'\n${leaf(1)}K\x07${leaf(2)}(S't'\nK\x01t${leaf(3)}N${leaf(4)}F1.5\n${leaf(5)}I01\n${leaf(6)}d.`,
    {
      layout: 'dict',
      leaves: [
        ['a.b', 1],
        ['7', 2],
        ["('t', 1)", 3],
        ['None', 4],
        ['1.5', 5],
        ['True', 6],
      ],
    },
  );
  check(
    'nested containers, values beside them',
    `(S'a'\n(K\x09${leaf(1)}(S'deep'\n${leaf(2)}S'x'\nK\x05dlS'b'\n(K\x01K\x02ld.`,
    {
      leaves: [
        ['a.1', 1],
        ['a.2.deep', 2],
      ],
      metadata: { a: { 0: 9, 2: { x: 5 } }, b: [1, 2] },
    },
  );
  check(
    'a key set twice has its last value at its first place',
    `(S'a'\n${leaf(1)}S'b'\n${leaf(2)}S'a'\n${leaf(3)}d.`,
    {
      leaves: [
        ['a', 3],
        ['b', 2],
      ],
    },
  );
  check('1 and its text are two keys', `(K\x01${leaf(1)}S'1'\n${leaf(2)}d.`, {
    leaves: [
      ['1', 1],
      ['1', 2],
    ],
  });
  check('one object in two places', `(${leaf(1)}p0\ng0\nl.`, {
    leaves: [
      ['0', 1],
      ['1', 1],
    ],
  });
  check('__proto__', `(S'__proto__'\n(S'x'\nK\x01S'w'\n${leaf(1)}dd.`, { leaves: [['__proto__.w', 1]] });
  check(
    'an OrderedDict with attributes',
    `ccollections\nOrderedDict\n)RS'w'\n${leaf(1)}s}S'_metadata'\nK\x05sb.`,
    {
      layout: 'dict',
      leaves: [['w', 1]],
      metadata: { _metadata: 5 },
    },
  );
  check(
    "Python 2's OrderedDict, a list of pairs",
    `ccollections\nOrderedDict\n((lp0\n(lp1\nS'w'\na${leaf(1)}aatR.`,
    { leaves: [['w', 1]] },
  );
  check(
    'defaultdict, deque, set',
    `(ccollections\ndefaultdict\n(c__builtin__\nlist\ntRS'd'\n${leaf(1)}sccollections\ndeque\n((lNtR${leaf(2)}ac__builtin__\nset\n((${leaf(3)}ltRl.`,
    {
      leaves: [
        ['0.d', 1],
        ['1.0', 2],
        ['2.0', 3],
      ],
    },
  );
  check(
    'an object of an unknown class',
    `ccopy_reg\n_reconstructor\n(cmine\nThing\nc__builtin__\nobject\nNtR(S'w'\n${leaf(1)}S'lr'\nF0.5\ndb.`,
    {
      layout: 'dict',
      leaves: [['w', 1]],
      metadata: { __class__: 'mine.Thing', lr: 0.5 },
    },
  );
  check('an object with slots', `cmine\nThing\n)R(N(S's'\n${leaf(1)}dtb.`, { leaves: [['s', 1]] });
  check('what an unknown call was given', `cmine\nmake\n(K\x01(${leaf(1)}ltR.`, { leaves: [['1.0', 1]] });
  check('a computed value stays an expression', `(S'x'\nc__builtin__\neval\n(S'1+1'\ntRd.`, {
    metadata: { x: "__builtin__.eval('1+1')" },
  });
  check('a wrapping', `(S'a'\ncm\nSame\n(${leaf(3)}tRd.`, { leaves: [['a', 3]] });
});

describe('hostile graphs end', () => {
  it('a list in itself', async () => {
    expect(await walk(`]q\x00(h\x00${leaf(1)}K\x02e.`)).toMatchObject({
      leaves: [{ path: ['1'] }],
      metadata: { 0: '…', 2: 2 },
    });
  });

  it('a wrapping of itself', async () => {
    const call: { kind: 'call'; opcode: 'REDUCE'; callable: PickleNode; args: PickleNode; offset: number } = {
      kind: 'call',
      opcode: 'REDUCE',
      callable: null,
      args: null,
      offset: 0,
    };
    expect(walkTree(call, (node) => ({ kind: 'same', node })).metadata).toEqual({ value: '…' });
  });

  it('lists that double forty times', async () => {
    // each list holds the one before it twice
    const doubling = Array.from(
      { length: 40 },
      (_, index) =>
        `q${String.fromCharCode(index)}0(h${String.fromCharCode(index)}h${String.fromCharCode(index)}l`,
    );
    const started = Date.now();
    const tree = await walk(`(${leaf(1)}l${doubling.join('')}.`);
    expect(tree.problems.map(({ code }) => code)).toContain('tree-cut');
    expect(Date.now() - started).toBeLessThan(5000);
  });

  it('nesting beyond any depth', async () => {
    const tree = await walk(`${'('.repeat(5000)}${leaf(1)}${'l'.repeat(5000)}.`);
    expect(tree.problems.map(({ code }) => code)).toContain('tree-depth');
    expect(tree.leaves).toEqual([]);
  });

  it('more values than anybody looks at', async () => {
    const tree = await walk(`(${'K\x01'.repeat(150_000)}l.`);
    expect(tree.problems.map(({ code }) => code)).toEqual(['metadata-cut']);
  });
});

describe('nodes are written as Python writes them', () => {
  const check = (pickle: string, expected: string, length?: number): void => {
    it(expected, async () => {
      const { root } = await readPickle(Uint8Array.from(Buffer.from(pickle, 'latin1')));
      expect(reprOf(root, length)).toBe(expected);
    });
  };
  check('(K\x01I01\nNF-0.0\nFinf\nFnan\nF1e300\nF2.5\nt.', '(1, True, None, -0.0, inf, nan, 1e+300, 2.5)');
  check("(S'it\\'s'\nS'a\"b'\nV\\u00e9\\u000a\nt.", "(\"it's\", 'a\"b', 'é\\n')");
  check('\x80\x03C\x03a\x00\xff.', "b'a\\x00\\xff'");
  check('(K\x01t.', '(1,)');
  check("(S'k'\n(K\x01ld.", "{'k': [1]}");
  check("cos\nsystem\n(S'ls'\ntR.", "os.system('ls')");
  check('cos\nsystem\nK\x01R.', 'os.system(*1)');
  check('(K\x01K\x02tQ.', 'persistent_load((1, 2))');
  check(']q\x00h\x00a.', '[[[[[[[[[…]]]]]]]]]');
  check(`(${'K\x01'.repeat(100)}t.`, '(1, 1, 1, …', 10);
});
