import fc from 'fast-check';
import { expect, it } from 'vitest';

import type { Checkpoint, Storage } from '#main/formats/contract.ts';
import { describeCheckpoint } from '#main/services/description.ts';

function checkpointOf(storages: readonly Storage[]): Checkpoint {
  return {
    format: 'test',
    dialect: '',
    layout: 'dict',
    sources: [],
    tensors: storages.map((storage, index) => ({ name: `t${index}`, dtype: 'u8', shape: [2], storage })),
    regions: [],
    imports: [],
    problems: [],
    metadata: {},
  };
}

const dense = fc
  .record({ source: fc.nat(1), offset: fc.nat(2), byteLength: fc.nat(2) })
  .map((place): Storage => ({ kind: 'dense', byteOrder: 'little', ...place }));
const storage = fc.oneof(
  { weight: 5, arbitrary: dense },
  fc.constant<Storage>({ kind: 'none' }),
  fc.constant<Storage>({ kind: 'inline', bytes: new Uint8Array(2) }),
);
/** As files mostly have them, one behind the other, and in any order. */
const storages = fc.oneof(
  fc.array(storage, { maxLength: 4 }),
  fc
    .array(dense, { maxLength: 6 })
    .map((list) => list.map((each, index) => ({ ...each, source: 0, offset: index * 3 }))),
);

it('a tensor shares with the first one that has the same bytes of the same source, empty ones with none', () => {
  fc.assert(
    fc.property(storages, (list) => {
      const sharedWith = list.map((own, index) => {
        if (own.kind !== 'dense' || own.byteLength === 0) return undefined;
        const first = list.findIndex(
          (other) =>
            other.kind === 'dense' &&
            [other.source, other.offset, other.byteLength].join() ===
              [own.source, own.offset, own.byteLength].join(),
        );
        return first < index ? `t${first}` : undefined;
      });
      const { tensors, totals } = describeCheckpoint('f', checkpointOf(list));
      expect(tensors.map((tensor) => tensor.sharedWith)).toEqual(sharedWith);
      const bytes = list.map((own, index) => {
        if (sharedWith[index] !== undefined || own.kind === 'none') return 0;
        return own.kind === 'dense' ? own.byteLength : 2;
      });
      expect(totals.bytes).toBe(bytes.reduce((sum, own) => sum + own, 0));
    }),
    { numRuns: 500 },
  );
});
