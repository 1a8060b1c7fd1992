import { PICKLE_MEMO_ENTRIES, PICKLE_STACK_ENTRIES } from '#main/bytes/limits.ts';
import {
  isObject,
  type PickleDict,
  type PickleEffects,
  type PickleNode,
} from '#main/encodings/pickle/nodes.ts';
import type { PickleStream } from '#main/encodings/pickle/stream.ts';
import { AppError } from '#shared/errors.ts';

/** A name that the pickle would import. */
export interface ImportedName {
  readonly module: string;
  readonly name: string;
  /** Byte offset in the source of the opcode that imports it. */
  readonly offset: number;
}

/** What nodes cost, roughly, in bytes of memory: enough to keep a small file from filling a large machine. */
export const NODE_COST = { object: 96, item: 16, float: 24, memo: 16 } as const;

/** Bytes of memory that nodes may take, in all and from now on; pickles within each other share one. */
export interface MemoryBudget {
  readonly total: number;
  left: number;
}

/** The state of a pickle that is being run: stack, marks and memo. Works on inert nodes only. */
export interface PickleMachine {
  readonly stream: PickleStream;
  readonly budget: MemoryBudget;
  /** Offset of the opcode at work. */
  offset: number;
  protocol: number;
  readonly imports: ImportedName[];
  /** Out-of-band buffers asked for so far. */
  bufferCount: number;
  push(node: PickleNode): void;
  pop(): PickleNode;
  /** What is on top stays there. */
  top(): PickleNode;
  mark(): void;
  /** Everything above the last mark, which goes too. */
  popToMark(): PickleNode[];
  /** Python's POP: takes the mark where that is on top. */
  discard(): void;
  memoize(index: number, node: PickleNode): void;
  /** The index that MEMOIZE gives. */
  memoCount(): number;
  recall(index: number): PickleNode;
  /** Counts memory against the budget. @throws AppError `limit`. */
  spend(bytes: number): void;
  fault(message: string, expected?: string, found?: string): AppError;
}

export function pickleMachine(stream: PickleStream, budget: MemoryBudget): PickleMachine {
  const stack: PickleNode[] = [];
  const marks: number[] = [];
  // writers number their memo upwards, so nearly all of it fits an array
  const memo: PickleNode[] = [];
  const sparseMemo = new Map<number, PickleNode>();
  const fence = (): number => marks.at(-1) ?? 0;
  const limit = (message: string, expected: string): AppError =>
    new AppError('limit', message, { file: stream.file, offset: machine.offset, expected });

  const machine: PickleMachine = {
    stream,
    budget,
    offset: stream.position,
    protocol: 0,
    imports: [],
    bufferCount: 0,
    push: (node) => {
      if (stack.length >= PICKLE_STACK_ENTRIES) {
        throw limit('the pickle piles up more than we hold', `at most ${PICKLE_STACK_ENTRIES} values`);
      }
      stack.push(node);
    },
    pop: () => {
      if (stack.length <= fence()) throw machine.fault('the pickle takes a value where it has put none');
      return stack.pop()!;
    },
    top: () => {
      if (stack.length <= fence()) throw machine.fault('the pickle uses a value where it has put none');
      return stack.at(-1)!;
    },
    mark: () => {
      machine.spend(NODE_COST.item);
      marks.push(stack.length);
    },
    popToMark: () => {
      const begin = marks.pop();
      if (begin === undefined) throw machine.fault('the pickle closes a group that it has not opened');
      return stack.splice(begin);
    },
    discard: () => {
      if (marks.at(-1) === stack.length) marks.pop();
      else machine.pop();
    },
    memoize: (index, node) => {
      if (memo.length + sparseMemo.size >= PICKLE_MEMO_ENTRIES) {
        throw limit('the pickle remembers more than we hold', `at most ${PICKLE_MEMO_ENTRIES} values`);
      }
      machine.spend(NODE_COST.memo);
      if (index < memo.length) memo[index] = node;
      else if (index === memo.length && sparseMemo.size === 0) memo.push(node);
      else sparseMemo.set(index, node);
    },
    memoCount: () => memo.length + sparseMemo.size,
    recall: (index) => {
      const node = index < memo.length ? memo[index] : sparseMemo.get(index);
      if (node === undefined) {
        throw machine.fault(`the pickle asks for value ${index}, which it has not remembered`);
      }
      return node;
    },
    spend: (bytes) => {
      budget.left -= bytes;
      if (budget.left < 0) {
        throw limit(
          'the pickle would unfold to more memory than its length allows',
          `at most ${budget.total} bytes`,
        );
      }
    },
    fault: (message, expected, found) =>
      new AppError('corrupt', message, {
        file: stream.file,
        offset: machine.offset,
        ...(expected === undefined ? {} : { expected }),
        ...(found === undefined ? {} : { found }),
      }),
  };
  return machine;
}

/** Puts entries, keys and values in turn, into the dict that is on top. */
export function setItems(machine: PickleMachine, pairs: readonly PickleNode[]): void {
  if (pairs.length % 2 !== 0) throw machine.fault('the pickle sets a key without a value');
  const target = machine.top();
  const { keys, values } = isObject(target) && target.kind === 'dict' ? target : entriesOf(machine, target);
  machine.spend(pairs.length * NODE_COST.item);
  for (let index = 0; index < pairs.length; index += 2) {
    keys.push(pairs[index]!);
    values.push(pairs[index + 1]!);
  }
}

/** Adds items to the list, set or described object that is on top. */
export function addItems(machine: PickleMachine, items: readonly PickleNode[], kind: 'list' | 'set'): void {
  const target = machine.top();
  machine.spend(items.length * NODE_COST.item);
  const into =
    isObject(target) && target.kind === kind
      ? target.items
      : (effectsOf(machine, target, 'adds items to').items ??= []);
  for (const item of items) into.push(item);
}

/** Records a BUILD on the object that is on top. */
export function addState(machine: PickleMachine, state: PickleNode): void {
  machine.spend(NODE_COST.item);
  (effectsOf(machine, machine.top(), 'gives a state to').states ??= []).push(state);
}

function entriesOf(machine: PickleMachine, target: PickleNode): PickleDict {
  return (effectsOf(machine, target, 'sets keys of').entries ??= { kind: 'dict', keys: [], values: [] });
}

function effectsOf(machine: PickleMachine, target: PickleNode, doing: string): PickleEffects {
  if (isObject(target)) {
    switch (target.kind) {
      case 'call':
      case 'global':
      case 'persistent':
      case 'buffer':
        return target;
      default:
        throw machine.fault(`the pickle ${doing} a ${target.kind}`);
    }
  }
  throw machine.fault(`the pickle ${doing} a ${target === null ? 'None' : typeof target}`);
}
