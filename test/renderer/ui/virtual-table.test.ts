import { mount } from '@vue/test-utils';
import { beforeEach, describe, expect, test } from 'vitest';

import type { Column, Sorting } from '#renderer/ui/table.ts';
import VirtualTable from '#renderer/ui/VirtualTable.vue';
import { layOut } from '#test/kit/page-layout.ts';

interface Row {
  readonly name: string;
  readonly level: number;
  readonly isExpanded?: boolean;
}

const columns: readonly Column<Row>[] = [
  { key: 'name', title: 'Name', width: '1fr', text: (row) => row.name, isSortable: true },
  { key: 'level', title: 'Level', width: '80px', text: (row) => String(row.level), isNumber: true },
];
const many: readonly Row[] = Array.from({ length: 100_000 }, (_, index) => ({ name: `t${index}`, level: 1 }));

beforeEach(() => layOut());

function table(rows: readonly Row[], more: Record<string, unknown> = {}) {
  return mount(VirtualTable<Row>, {
    props: { columns, rows, rowKey: (row: Row) => row.name, label: 'Tensors', ...more } as never,
    attachTo: document.body,
  });
}

describe('a table of a hundred thousand rows', () => {
  test('holds only those that are seen, and says how many there are', async () => {
    const wrapper = table(many);
    await wrapper.vm.$nextTick();
    const grid = wrapper.get('[role=grid]');
    expect([grid.attributes('aria-rowcount'), grid.attributes('aria-label')]).toEqual(['100001', 'Tensors']);
    const shown = wrapper.findAll('[role=row]').slice(1);
    expect(shown.length).toBeGreaterThan(10);
    expect(shown.length).toBeLessThan(60);
    expect(shown[0]?.attributes('aria-rowindex')).toBe('2');
    wrapper.unmount();
  });

  test('selects with the arrow keys at once and names the row it is on', async () => {
    const wrapper = table(many, { selected: 't3' });
    const grid = wrapper.get('[role=grid]');
    await grid.trigger('keydown', { key: 'ArrowDown' });
    await grid.trigger('keydown', { key: 'End' });
    expect(wrapper.emitted('update:selected')).toEqual([['t4'], ['t99999']]);
    await wrapper.setProps({ selected: 't4' });
    const active = grid.attributes('aria-activedescendant');
    expect(wrapper.get(`[id="${active}"]`).attributes('aria-selected')).toBe('true');
    wrapper.unmount();
  });

  test('sorts up, down, and back to the order of the file', async () => {
    const wrapper = table(many);
    const press = async (sorting: Sorting | undefined) => {
      await wrapper.setProps({ sorting });
      await wrapper.get('.sort').trigger('click');
      return wrapper.emitted('update:sorting')?.at(-1)?.[0];
    };
    expect(await press(undefined)).toEqual({ key: 'name', isDescending: false });
    expect(await press({ key: 'name', isDescending: false })).toEqual({ key: 'name', isDescending: true });
    expect(wrapper.get('[role=columnheader]').attributes('aria-sort')).toBe('descending');
    expect(await press({ key: 'name', isDescending: true })).toBeUndefined();
    wrapper.unmount();
  });
});

describe('a tree', () => {
  const rows: readonly Row[] = [
    { name: 'hidden', level: 1, isExpanded: true },
    { name: 'weight', level: 2 },
    { name: 'output', level: 1, isExpanded: false },
  ];
  const tree = { level: (row: Row) => row.level, isExpanded: (row: Row) => row.isExpanded };

  test('tells depth and what is open', async () => {
    const wrapper = table(rows, { tree });
    await wrapper.vm.$nextTick();
    expect(wrapper.find('[role=treegrid]').exists()).toBe(true);
    const told = wrapper
      .findAll('[role=row]')
      .slice(1)
      .map((row) => [row.attributes('aria-level'), row.attributes('aria-expanded')]);
    expect(told).toEqual([
      ['1', 'true'],
      ['2', undefined],
      ['1', 'false'],
    ]);
    wrapper.unmount();
  });

  const keys: readonly (readonly [string, string, string, string])[] = [
    ['ArrowRight', 'hidden', 'select', 'weight'],
    ['ArrowLeft', 'weight', 'select', 'hidden'],
    ['ArrowLeft', 'hidden', 'toggle', 'hidden'],
    ['ArrowRight', 'output', 'toggle', 'output'],
    [' ', 'output', 'toggle', 'output'],
    ['Enter', 'weight', 'activate', 'weight'],
  ];
  test.each(keys)('%s on %s: %s %s', async (key, selected, what, target) => {
    const wrapper = table(rows, { tree, selected });
    await wrapper.get('[role=treegrid]').trigger('keydown', { key });
    const events = what === 'select' ? wrapper.emitted('update:selected') : wrapper.emitted(what);
    const [[given]] = events as [[string | Row]];
    expect(typeof given === 'string' ? given : given.name).toBe(target);
    wrapper.unmount();
  });
});
