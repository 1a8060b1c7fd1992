import { expect, it } from 'vitest';

import { releaseMemory } from '#main/bytes/release-memory.ts';

it('a large buffer of the caller’s own is gone at once', () => {
  const bytes = new Uint8Array(1_000_000);
  releaseMemory(bytes);
  expect(bytes.buffer.byteLength).toBe(0);
});

it('a buffer stays that is small, that has other bytes too, or that cannot be handed over', () => {
  const small = new Uint8Array(1000);
  const part = new Uint8Array(1_000_000).subarray(0, 500_000);
  const kernels = new Uint8Array(new WebAssembly.Memory({ initial: 2 }).buffer);
  for (const bytes of [small, part, kernels]) releaseMemory(bytes);
  expect([small, part, kernels].map(({ byteLength }) => byteLength)).toEqual([1000, 500_000, 131_072]);
});
