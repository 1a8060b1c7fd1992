import { describe, expect, test } from 'vitest';

import {
  buildTree,
  groupsAbove,
  prunedTree,
  treeRows,
  type SortKey,
  type TreeNode,
} from '#renderer/stores/tensor-tree.ts';
import type { TensorInfo } from '#shared/tensor.ts';

function tensor(name: string, shape: readonly number[] = [4], more: Partial<TensorInfo> = {}): TensorInfo {
  const elementCount = shape.reduce((product, dimension) => product * dimension, 1);
  return { name, dtype: 'f32', shape, elementCount, byteLength: elementCount * 4, ...more };
}

/** A tree as indented text: `label (parameters)` for groups. */
function drawn(nodes: readonly TreeNode[], depth = 0): string[] {
  return nodes.flatMap((node) => {
    const indent = '  '.repeat(depth);
    if (node.kind === 'tensor') return [`${indent}${node.label}`];
    return [`${indent}${node.label} (${node.parameters})`, ...drawn(node.children, depth + 1)];
  });
}

describe('names become a tree by dots and slashes', () => {
  const rows: readonly (readonly [string, readonly string[], readonly string[]])[] = [
    [
      'layers with two parameters each',
      ['hidden.weight', 'hidden.bias', 'output.weight', 'output.bias'],
      ['hidden (8)', '  weight', '  bias', 'output (8)', '  weight', '  bias'],
    ],
    ['list items', ['0', '1', '2'], ['0', '1', '2']],
    ['a lone child joins its group', ['a.b.weight', 'c'], ['a.b.weight', 'c']],
    [
      'groups with one child join it',
      ['net.layers.0.weight', 'net.layers.0.bias', 'x'],
      ['net.layers.0 (8)', '  weight', '  bias', 'x'],
    ],
    [
      'TensorFlow keys',
      ['net/hidden/kernel/.ATTRIBUTES/VARIABLE_VALUE', 'net/hidden/bias/.ATTRIBUTES/VARIABLE_VALUE'],
      ['net/hidden (8)', '  kernel/.ATTRIBUTES/VARIABLE_VALUE', '  bias/.ATTRIBUTES/VARIABLE_VALUE'],
    ],
    ['a tensor whose name is also a group', ['a', 'a.b', 'a.c'], ['a', 'a (8)', '  b', '  c']],
    [
      'separators at the ends and in a row belong to the names',
      ['.a', 'b.', 'c..d', '...'],
      ['.a', 'b.', 'c..d', '...'],
    ],
    [
      'names of the language itself',
      ['__proto__.constructor', '__proto__.x'],
      ['__proto__ (8)', '  constructor', '  x'],
    ],
  ];
  test.each(rows)('%s', (_title, names, tree) => {
    expect(drawn(buildTree(names.map((name) => tensor(name))))).toEqual(tree);
  });
});

test('a storage that several tensors share counts once', () => {
  const [group] = buildTree([tensor('a.x'), tensor('a.y', [4], { sharedWith: 'a.x' }), tensor('b')]);
  expect(group).toMatchObject({ tensors: 2, parameters: 4, bytes: 16 });
});

test('only groups that are open show what they hold', () => {
  const tree = buildTree(['a.x', 'a.y', 'b.x', 'b.y'].map((name) => tensor(name)));
  const rows = treeRows(tree, (group) => group.path === 'b');
  expect(
    rows.map(({ node, level, isExpanded, position, setSize }) => [
      node.label,
      level,
      isExpanded,
      position,
      setSize,
    ]),
  ).toEqual([
    ['a', 1, false, 1, 2],
    ['b', 1, true, 2, 2],
    ['x', 2, undefined, 1, 2],
    ['y', 2, undefined, 2, 2],
  ]);
});

describe('siblings are sorted, groups with them', () => {
  const tensors = [
    tensor('layer.10.w', [2]),
    tensor('layer.10.v', [30], { dtype: 'f16', byteLength: 60 }),
    tensor('layer.2', [100]),
    tensor('bias', [1], { dtype: 'bf16', byteLength: 2 }),
  ];
  const labels = (key: SortKey | undefined, isDescending = false) =>
    treeRows(buildTree(tensors), () => true, key && { key, isDescending }).map(({ node }) => node.label);
  const check = (key: SortKey | undefined, isDescending: boolean, expected: readonly string[]) =>
    expect(labels(key, isDescending)).toEqual(expected);

  test('as in the file', () => check(undefined, false, ['layer', '10', 'w', 'v', '2', 'bias']));
  test('by name, numbers as numbers', () => check('name', false, ['bias', 'layer', '2', '10', 'v', 'w']));
  test('by size', () => check('size', true, ['layer', '2', '10', 'v', 'w', 'bias']));
  test('by dtype', () => check('dtype', false, ['layer', '10', 'v', 'w', '2', 'bias']));
});

test('filtering keeps the shape of the tree and counts what is left', () => {
  const tree = buildTree(['a.x.w', 'a.x.b', 'a.y.w', 'c.w', 'c.b'].map((name) => tensor(name)));
  expect(drawn(prunedTree(tree, ({ name }) => name.endsWith('w')))).toEqual([
    'a (8)',
    '  x (4)',
    '    w',
    '  y.w',
    'c (4)',
    '  w',
  ]);
});

test('the groups above a tensor are found through groups drawn together', () => {
  const tree = buildTree(
    ['net.layers.0.w', 'net.layers.0.b', 'net.layers.1.w', 'x'].map((name) => tensor(name)),
  );
  expect(groupsAbove(tree, 'net.layers.0.b').map(({ path }) => path)).toEqual(['net.layers', 'net.layers.0']);
  expect(groupsAbove(tree, 'x')).toEqual([]);
});

test('a hundred thousand names are a tree in a moment', () => {
  const tensors = Array.from({ length: 100_000 }, (_, index) =>
    tensor(`model.layers.${index >> 3}.part.${index & 7}`),
  );
  const started = performance.now();
  const rows = treeRows(buildTree(tensors), () => true);
  // the groups of 12,500 layers, drawn together with their only child, and model.layers
  expect(rows).toHaveLength(100_000 + 12_500 + 1);
  expect(performance.now() - started).toBeLessThan(5_000);
});
