/** Tensor names as a tree by dots and slashes, and the rows of it that can be seen. Pure; 100,000 names are ordinary. */
import type { TensorInfo } from '#shared/tensor.ts';

export interface TensorNode {
  readonly kind: 'tensor';
  readonly key: string;
  /** The rest of the name below its group. */
  readonly label: string;
  readonly tensor: TensorInfo;
}

export interface GroupNode {
  readonly kind: 'group';
  readonly key: string;
  readonly label: string;
  /** The names' common beginning, without the separator after it. */
  readonly path: string;
  readonly children: TreeNode[];
  /** Of all levels below; a shared storage counts once. */
  readonly tensors: number;
  /** Elements. */
  readonly parameters: number;
  readonly bytes: number;
}

export type TreeNode = TensorNode | GroupNode;

export interface TreeRow {
  readonly node: TreeNode;
  /** From 1. */
  readonly level: number;
  /** Undefined for tensors. */
  readonly isExpanded: boolean | undefined;
  /** Among its siblings, from 1, and how many they are. */
  readonly position: number;
  readonly setSize: number;
}

export type SortKey = 'name' | 'dtype' | 'shape' | 'size';

export interface TreeOrder {
  readonly key: SortKey;
  readonly isDescending: boolean;
}

export const tensorKey = (name: string) => `tensor ${name}`;
const groupKey = (path: string) => `group ${path}`;

/** Groups tensors by the parts of their names, in the order of the file. A group with a single child is drawn into it. */
export function buildTree(tensors: readonly TensorInfo[]): TreeNode[] {
  const roots: TreeNode[] = [];
  const groups = new Map<string, GroupNode>();
  for (const tensor of tensors) place(tensor, roots, groups);
  return roots.map(drawnTogether);
}

function place(tensor: TensorInfo, roots: TreeNode[], groups: Map<string, GroupNode>): void {
  const { name } = tensor;
  let siblings = roots;
  let begin = 0;
  for (let end = nextSeparator(name, 0); end >= 0; end = nextSeparator(name, end + 1)) {
    const path = name.slice(0, end);
    let group = groups.get(path);
    if (!group) {
      group = {
        kind: 'group',
        key: groupKey(path),
        label: name.slice(begin, end),
        path,
        children: [],
        tensors: 0,
        parameters: 0,
        bytes: 0,
      };
      groups.set(path, group);
      siblings.push(group);
    }
    siblings = group.children;
    begin = end + 1;
  }
  siblings.push({ kind: 'tensor', key: tensorKey(name), label: name.slice(begin), tensor });
}

/** The next dot or slash that has something before and after it: `a/.ATTRIBUTES/b` is a, .ATTRIBUTES, b. */
function nextSeparator(name: string, from: number): number {
  for (let index = Math.max(1, from); index < name.length - 1; index++) {
    const isSeparator = name[index] === '.' || name[index] === '/';
    const previous = name[index - 1];
    if (isSeparator && previous !== '.' && previous !== '/') return index;
  }
  return -1;
}

function drawnTogether(node: TreeNode): TreeNode {
  if (node.kind === 'tensor') return node;
  const only = node.children[0];
  if (node.children.length === 1 && only) {
    const child = drawnTogether(only);
    const separator = (child.kind === 'tensor' ? child.tensor.name : child.path)[node.path.length] ?? '.';
    return { ...child, label: `${node.label}${separator}${child.label}` };
  }
  const children = node.children.map(drawnTogether);
  return { ...node, children, ...totalsOf(children) };
}

/** The same tree with only the tensors that fit; groups count what is left of them. */
export function prunedTree(
  roots: readonly TreeNode[],
  isFitting: (tensor: TensorInfo) => boolean,
): TreeNode[] {
  return roots.flatMap((node): TreeNode[] => {
    if (node.kind === 'tensor') return isFitting(node.tensor) ? [node] : [];
    const children = prunedTree(node.children, isFitting);
    return children.length === 0 ? [] : [{ ...node, children, ...totalsOf(children) }];
  });
}

function totalsOf(children: readonly TreeNode[]): Pick<GroupNode, 'tensors' | 'parameters' | 'bytes'> {
  const totals = { tensors: 0, parameters: 0, bytes: 0 };
  for (const child of children) {
    const isCounted = child.kind === 'group' || child.tensor.sharedWith === undefined;
    totals.tensors += child.kind === 'group' ? child.tensors : 1;
    totals.parameters += isCounted ? elementsOf(child) : 0;
    totals.bytes += isCounted ? bytesOf(child) : 0;
  }
  return totals;
}

/** The rows to show: what is expanded (everything, while filtering), in the order asked for. */
export function treeRows(
  roots: readonly TreeNode[],
  isExpanded: (group: GroupNode) => boolean,
  order?: TreeOrder,
): TreeRow[] {
  const rows: TreeRow[] = [];
  const walk = (nodes: readonly TreeNode[], level: number): void => {
    const siblings = order ? sorted(nodes, order) : nodes;
    siblings.forEach((node, index) => {
      const isOpen = node.kind === 'group' ? isExpanded(node) : undefined;
      rows.push({ node, level, isExpanded: isOpen, position: index + 1, setSize: siblings.length });
      if (node.kind === 'group' && isOpen) walk(node.children, level + 1);
    });
  };
  walk(roots, 1);
  return rows;
}

/** Groups on the way to a tensor, outermost first. */
export function groupsAbove(roots: readonly TreeNode[], name: string): GroupNode[] {
  const above: GroupNode[] = [];
  let nodes: readonly TreeNode[] = roots;
  for (;;) {
    const group = nodes.find(
      (node): node is GroupNode =>
        node.kind === 'group' && name.startsWith(node.path) && /^[./]/.test(name.slice(node.path.length)),
    );
    if (!group) return above;
    above.push(group);
    nodes = group.children;
  }
}

const byName = new Intl.Collator('en', { numeric: true });

function sorted(nodes: readonly TreeNode[], { key, isDescending }: TreeOrder): TreeNode[] {
  const compare = COMPARISONS[key];
  const sign = isDescending ? -1 : 1;
  return [...nodes].sort((a, b) => sign * compare(a, b));
}

const COMPARISONS: Readonly<Record<SortKey, (a: TreeNode, b: TreeNode) => number>> = {
  name: (a, b) => byName.compare(a.label, b.label),
  size: (a, b) => bytesOf(a) - bytesOf(b),
  shape: (a, b) => elementsOf(a) - elementsOf(b),
  dtype: (a, b) => byName.compare(dtypeOf(a), dtypeOf(b)),
};

const bytesOf = (node: TreeNode) => (node.kind === 'group' ? node.bytes : node.tensor.byteLength);
const elementsOf = (node: TreeNode) => (node.kind === 'group' ? node.parameters : node.tensor.elementCount);
const dtypeOf = (node: TreeNode) => (node.kind === 'group' ? '' : node.tensor.dtype);
