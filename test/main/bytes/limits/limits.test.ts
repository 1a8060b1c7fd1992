/** Every limit of `main/bytes/limits.ts`: with a small number in place of the large one, a file that was within it is beyond, and that is told by its own words. */
import { describe, expect, it, vi } from 'vitest';

import * as LIMITS from '#main/bytes/limits.ts';
import { readAll } from '#test/kit/told-of.ts';
import { AMOUNTS } from '#test/main/bytes/limits/amounts.ts';
import { ARCHIVE_LIMITS } from '#test/main/bytes/limits/archive-limits.ts';
import { ARRAY_LIMITS } from '#test/main/bytes/limits/array-limits.ts';
import { FOLDER_LIMITS } from '#test/main/bytes/limits/folder-limits.ts';
import { HDF5_LIMITS } from '#test/main/bytes/limits/hdf5-limits.ts';
import type { LimitName } from '#test/main/bytes/limits/limit-case.ts';
import { MESSAGE_LIMITS } from '#test/main/bytes/limits/message-limits.ts';
import { PICKLE_LIMITS } from '#test/main/bytes/limits/pickle-limits.ts';
import { RUN_LIMITS } from '#test/main/bytes/limits/run-limits.ts';
import { XRAY_LIMITS } from '#test/main/bytes/limits/xray-limits.ts';

type Lowered = Partial<Record<LimitName, number>>;

const state = vi.hoisted(() => {
  const lowered: Partial<Record<string, number>> = {};
  return { lowered, used: new Set<string>() };
});

vi.mock('#main/bytes/limits.ts', async (original) => {
  const stub = {};
  for (const [name, value] of Object.entries(await original<object>())) {
    const get = (): unknown => {
      state.used.add(name);
      const lowered = state.lowered[name];
      if (lowered === undefined) return value as unknown;
      return typeof value === 'function' ? () => lowered : lowered;
    };
    Object.defineProperty(stub, name, { enumerable: true, get });
  }
  return stub;
});

async function withLimits<Result>(lowered: Lowered, act: () => Promise<Result>): Promise<Result> {
  state.lowered = { ...lowered };
  try {
    return await act();
  } finally {
    state.lowered = {};
  }
}

const CASES = [
  ...ARCHIVE_LIMITS,
  ...ARRAY_LIMITS,
  ...FOLDER_LIMITS,
  ...HDF5_LIMITS,
  ...MESSAGE_LIMITS,
  ...PICKLE_LIMITS,
  ...RUN_LIMITS,
  ...XRAY_LIMITS,
];

describe('beyond a limit is told, within it is not', () => {
  it.each(CASES)('$limit', async ({ limit, lowered, beside = {}, told, message }) => {
    expect(await withLimits(beside, told)).not.toContain(message);
    expect(await withLimits({ ...beside, [limit]: lowered }, told)).toContain(message);
  });
});

describe('how much is read or kept at one go changes no result', () => {
  it.each(AMOUNTS)('%s', async (name, small, file) => {
    const before = await readAll(file);
    state.used.clear();
    expect(await withLimits({ [name]: small }, () => readAll(file))).toEqual(before);
    expect(state.used).toContain(name);
  });
});

/** How a pass that minds no order is cut: tried where such passes are, in boxes.test.ts, box-by-box.test.ts and shared-boxes.test.ts. */
const TRIED_ELSEWHERE: readonly LimitName[] = ['BOX_BYTES', 'SHARED_BOX_BYTES'];

it('every constant is tried', () => {
  const tried = [...CASES.map(({ limit }) => limit), ...AMOUNTS.map(([name]) => name), ...TRIED_ELSEWHERE];
  expect([...new Set(tried)].sort()).toEqual(Object.keys(LIMITS).sort());
});
