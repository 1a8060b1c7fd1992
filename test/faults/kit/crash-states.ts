import { withWrites, type Operation, type Write } from '#test/faults/kit/recording-disk.ts';

/** What a disk may hold when the power comes back. */
export interface CrashState<Mark> {
  /** How many operations had been asked for when the power went. */
  readonly after: number;
  /** Names what is on the disk: equal texts, equal disks. */
  readonly key: string;
  image(): ReadonlyMap<string, Uint8Array>;
  /** What had been told by then, in order. */
  readonly marks: readonly Mark[];
}

/** More changes than this in one go are not tried in every combination, but in every prefix, without each one, and alone. */
const MOST_COMBINED_NAMES = 8;
const MOST_COMBINED_WRITES = 5;
/** Combinations of contents of several files at one moment. */
const MOST_PRODUCTS = 600;

type NameChange = Operation<never> & { readonly kind: 'link' | 'remove' };

interface Content {
  readonly synced: Uint8Array;
  /** Tells one synced content of a file from the next. */
  readonly syncs: number;
  readonly pending: readonly Write[];
}

interface Variant {
  readonly key: string;
  bytes(): Uint8Array;
}

/**
 * Every state that a power cut may leave, at every moment. A file keeps what was synced; of the writes since then each may
 * be there, be lost (zeros in its place where a later one is there), or be torn. Names keep what the last sync of the folder
 * secured; of the changes since then any may be there and any may not, in whatever order they were made. A renaming leaves
 * the old name, the new one, or both.
 */
export function* crashStates<Mark>(
  initial: ReadonlyMap<string, Uint8Array>,
  operations: readonly Operation<Mark>[],
): Generator<CrashState<Mark>> {
  const contents: Content[] = [...initial.values()].map((synced) => ({ synced, syncs: 1, pending: [] }));
  let durableNames = new Map([...initial.keys()].map((name, inode) => [name, inode]));
  let changes: NameChange[] = [];
  const marks: Mark[] = [];

  for (let after = 0; after <= operations.length; after++) {
    const seen = new Set<string>();
    for (const names of namesAfterCrash(durableNames, changes)) {
      for (const [key, image] of imagesOf(names, contents)) {
        if (seen.has(key)) continue;
        seen.add(key);
        yield { after, key, image, marks: marks.slice() };
      }
    }
    const operation = operations[after];
    if (!operation) return;
    switch (operation.kind) {
      case 'link':
        contents[operation.inode] ??= { synced: new Uint8Array(0), syncs: 0, pending: [] };
        changes.push(operation);
        break;
      case 'remove':
        changes.push(operation);
        break;
      case 'write': {
        const content = contents[operation.inode]!;
        contents[operation.inode] = { ...content, pending: [...content.pending, operation] };
        break;
      }
      case 'sync': {
        const { synced, syncs, pending } = contents[operation.inode]!;
        const isNew = pending.length > 0;
        contents[operation.inode] = {
          synced: withWrites(synced, pending),
          syncs: isNew ? syncs + 1 : syncs,
          pending: [],
        };
        break;
      }
      case 'sync-folder':
        durableNames = applied(durableNames, changes);
        changes = [];
        break;
      case 'mark':
        marks.push(operation.mark);
    }
  }
}

function* namesAfterCrash(
  durable: ReadonlyMap<string, number>,
  changes: readonly NameChange[],
): Generator<ReadonlyMap<string, number>> {
  for (const chosen of selections(changes.length, MOST_COMBINED_NAMES)) {
    const isTorn = changes.some(
      (change, index) => change.kind === 'remove' && change.isRenaming && chosen[index] && !chosen[index - 1],
    );
    if (isTorn) continue;
    yield applied(
      durable,
      changes.filter((_, index) => chosen[index]),
    );
  }
}

function applied(names: ReadonlyMap<string, number>, changes: readonly NameChange[]): Map<string, number> {
  const result = new Map(names);
  for (const change of changes) {
    if (change.kind === 'link') result.set(change.name, change.inode);
    else result.delete(change.name);
  }
  return result;
}

/** Which of `count` things are there: all combinations where they are few, else the telling ones. */
function* selections(count: number, mostCombined: number): Generator<readonly boolean[]> {
  if (count <= mostCombined) {
    for (let bits = 0; bits < 2 ** count; bits++) {
      yield Array.from({ length: count }, (_, index) => ((bits >> index) & 1) === 1);
    }
    return;
  }
  for (let end = 0; end <= count; end++) yield Array.from({ length: count }, (_, index) => index < end);
  for (let one = 0; one < count; one++) {
    yield Array.from({ length: count }, (_, index) => index !== one);
    yield Array.from({ length: count }, (_, index) => index === one);
  }
}

function* imagesOf(
  names: ReadonlyMap<string, number>,
  contents: readonly Content[],
): Generator<readonly [string, () => ReadonlyMap<string, Uint8Array>]> {
  const entries = [...names].sort(([a], [b]) => (a < b ? -1 : 1));
  const inodes = [...new Set(names.values())];
  const variants = inodes.map((inode) => variantsOf(contents[inode]!));
  const total = variants.reduce((product, { length }) => product * length, 1);
  // a stride that is odd and prime meets every variant of every file
  const stride = total <= MOST_PRODUCTS ? 1 : Math.ceil(total / MOST_PRODUCTS) | 1;
  for (let number = 0; number < total; number += stride) {
    let rest = number;
    const chosen = new Map<number, Variant>();
    inodes.forEach((inode, index) => {
      const choices = variants[index]!;
      chosen.set(inode, choices[rest % choices.length]!);
      rest = Math.floor(rest / choices.length);
    });
    const key = entries.map(([name, inode]) => `${name}=${inode}.${chosen.get(inode)!.key}`).join('|');
    yield [key, () => new Map(entries.map(([name, inode]) => [name, chosen.get(inode)!.bytes()]))];
  }
}

function variantsOf({ synced, syncs, pending }: Content): readonly Variant[] {
  const base = `${syncs}`;
  if (pending.length === 0) return [{ key: base, bytes: () => synced }];
  const variants = new Map<string, Variant>();
  const add = (key: string, writes: () => readonly Write[]) => {
    variants.set(key, { key: `${base}+${key}`, bytes: () => withWrites(synced, writes()) });
  };
  for (const chosen of selections(pending.length, MOST_COMBINED_WRITES)) {
    const last = chosen.lastIndexOf(true);
    const key = chosen.map((isThere) => (isThere ? 1 : 0)).join('');
    const there = () => pending.filter((_, index) => chosen[index]);
    add(key, there);
    if (last < 0) continue;
    for (const cut of cutsOf(pending[last]!.bytes.byteLength)) {
      add(`${key}/${cut}`, () =>
        there().map((write) =>
          write === pending[last] ? { ...write, bytes: write.bytes.subarray(0, cut) } : write,
        ),
      );
    }
  }
  // the length is there and the content is not, or is what the disk held before
  const end = Math.max(...pending.map(({ position, bytes }) => position + bytes.byteLength));
  const stale = (byte: number) => [
    { position: synced.byteLength, bytes: new Uint8Array(Math.max(0, end - synced.byteLength)).fill(byte) },
  ];
  add('zeros', () => stale(0));
  add('stale', () => stale(0xa5));
  return [...variants.values()];
}

/** Where a write may be torn: after a byte, in the middle, at sectors, before its last byte. */
function cutsOf(length: number): readonly number[] {
  const cuts = [1, length >> 1, 512, 4096, length - 1];
  return [...new Set(cuts)].filter((cut) => cut > 0 && cut < length);
}
