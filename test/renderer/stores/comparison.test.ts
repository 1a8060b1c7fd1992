import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';

import { useCheckpoints } from '#renderer/stores/checkpoints.ts';
import { useComparison } from '#renderer/stores/comparison.ts';
import { useNavigation } from '#renderer/stores/navigation.ts';
import { connectPage, type PageEngine } from '#test/kit/page-engine.ts';
import { ORACLES, hasOracles } from '#test/kit/shared-files.ts';

describe.skipIf(!hasOracles)('comparing genuine files', () => {
  let page: PageEngine;
  beforeEach(async () => void (page = await connectPage()));
  afterEach(() => page.close());

  const open = (path: string) => useCheckpoints().openFile(page.engine.grant(`${ORACLES}${path}`));

  async function compared(a: string, b: string, tolerance?: readonly [number, number]) {
    const comparison = useComparison();
    const [left, right] = [await open(a), await open(b)];
    comparison.setTolerance(tolerance);
    comparison.put('original', left?.file);
    comparison.put('clone', right?.file);
    await vi.waitFor(() => expect(comparison.progress.state).not.toBe('loading'), { timeout: 10_000 });
    expect(comparison.progress.error).toBeUndefined();
    return comparison;
  }

  test('one unit in the last place is found, with its coordinate, and its row is chosen', async () => {
    const comparison = await compared('pairs/mlp.safetensors', 'pairs/one-ulp.safetensors');
    expect(comparison.comparison?.verdict).toBe('different');
    const [worst, ...rest] = comparison.ordered;
    expect(worst).toMatchObject({ state: 'different', maxUlp: 1, changed: 1 });
    expect(comparison.chosen).toEqual(worst);
    expect(rest.every((row) => row.state === 'identical')).toBe(true);
  });

  test('rows stream in and the reply replaces them', async () => {
    const comparison = await compared('pairs/mlp.safetensors', 'pairs/mlp.safetensors');
    expect(comparison.comparison?.verdict).toBe('identical');
    expect(comparison.rows).toEqual(comparison.comparison?.rows);
    expect(comparison.states).toEqual(['identical']);
  });

  test('a state can be hidden and shown again', async () => {
    const comparison = await compared('pairs/mlp.safetensors', 'pairs/missing.safetensors');
    const all = comparison.shown.length;
    comparison.toggle('identical');
    expect(comparison.shown.some((row) => row.state === 'identical')).toBe(false);
    comparison.toggle('identical');
    expect(comparison.shown.length).toBe(all);
  });

  test('swapping turns what is missing into what is new', async () => {
    const comparison = await compared('pairs/mlp.safetensors', 'pairs/missing.safetensors');
    const missing = comparison.counts['only-a'];
    expect(missing).toBeGreaterThan(0);
    comparison.swap();
    await vi.waitFor(() => expect(comparison.comparison).toBeDefined());
    expect(comparison.counts).toMatchObject({ 'only-a': 0, 'only-b': missing });
  });

  test('closing a side takes the comparison away with it', async () => {
    const comparison = await compared('pairs/mlp.safetensors', 'pairs/zero-a.safetensors');
    await useCheckpoints().close(comparison.original!.file);
    expect(comparison.original).toBeUndefined();
    expect(comparison.rows).toEqual([]);
    expect(comparison.canRun).toBe(false);
  });

  test('files opened while this screen is shown take the free side, then the clone', async () => {
    const comparison = useComparison();
    useNavigation().go('compare');
    for (const name of ['mlp', 'zero-a', 'nan-a']) await open(`pairs/${name}.safetensors`);
    expect([comparison.original?.name, comparison.clone?.name]).toEqual([
      'mlp.safetensors',
      'nan-a.safetensors',
    ]);
  });

  test('files opened elsewhere are only offered', async () => {
    const comparison = useComparison();
    for (const name of ['mlp', 'zero-a']) await open(`pairs/${name}.safetensors`);
    expect(comparison.canRun).toBe(false);
    comparison.suggest();
    expect([comparison.original?.name, comparison.clone?.name]).toEqual([
      'mlp.safetensors',
      'zero-a.safetensors',
    ]);
    expect(comparison.rows).toEqual([]);
  });
});
