import { mount } from '@vue/test-utils';
import { describe, expect, test } from 'vitest';

import ActionButton from '#renderer/ui/ActionButton.vue';
import ErrorNotice from '#renderer/ui/ErrorNotice.vue';
import FormField from '#renderer/ui/FormField.vue';
import NumberInput from '#renderer/ui/NumberInput.vue';
import ProgressBar from '#renderer/ui/ProgressBar.vue';
import SelectInput from '#renderer/ui/SelectInput.vue';
import VerdictBadge from '#renderer/ui/VerdictBadge.vue';
import { AppError } from '#shared/errors.ts';

describe('a button', () => {
  test('with an icon alone is named by its label', () => {
    const button = mount(ActionButton, { props: { label: 'Close', isIconOnly: true } }).get('button');
    expect([button.attributes('aria-label'), button.text()]).toEqual(['Close', '']);
  });

  test('that cannot be used stays reachable and does nothing', async () => {
    const wrapper = mount(ActionButton, { props: { label: 'Save', blockedBy: 'Nothing is open' } });
    const button = wrapper.get('button');
    await button.trigger('click');
    expect([
      button.attributes('aria-disabled'),
      button.attributes('disabled'),
      wrapper.emitted('press'),
    ]).toEqual(['true', undefined, undefined]);
  });

  test('that stays down says so', () => {
    const button = mount(ActionButton, { props: { label: 'Show as table', isPressed: true } }).get('button');
    expect(button.attributes('aria-pressed')).toBe('true');
  });
});

describe('a number', () => {
  const number = (props: Partial<InstanceType<typeof NumberInput>['$props']> = {}) => {
    const wrapper = mount(NumberInput, { props: { modelValue: 64, min: 16, max: 1024, ...props } });
    return { wrapper, input: wrapper.get('input') };
  };
  const last = (wrapper: ReturnType<typeof number>['wrapper']) =>
    wrapper.emitted('update:modelValue')?.at(-1);

  const typed: readonly (readonly [string, number | undefined, string])[] = [
    ['128', 128, '128'],
    ['5', 16, '16'],
    ['99999', 1024, '1024'],
    ['127.6', 128, '128'],
    ['63.6', undefined, '64'],
    ['1e2', 100, '100'],
    ['', undefined, '64'],
    ['many', undefined, '64'],
  ];
  test.each(typed)('typed as “%s”', async (text, taken, shown) => {
    const { wrapper, input } = number({ isWhole: true });
    await input.setValue(text);
    await input.trigger('change');
    expect(last(wrapper)?.[0]).toBe(taken);
    expect(input.element.value).toBe(shown);
  });

  test('steps with the arrow keys, ten at a time with Shift, without dust in the decimals', async () => {
    const { wrapper, input } = number({ modelValue: 0.2, min: 0, max: 1, step: 0.1 });
    await input.trigger('keydown', { key: 'ArrowUp' });
    expect(last(wrapper)).toEqual([0.3]);
    await input.trigger('keydown', { key: 'ArrowDown', shiftKey: true });
    expect(last(wrapper)).toEqual([0]);
  });

  test('tells its bounds', () => {
    const { input } = number();
    expect(
      ['role', 'aria-valuemin', 'aria-valuemax', 'aria-valuenow'].map((name) => input.attributes(name)),
    ).toEqual(['spinbutton', '16', '1024', '64']);
  });
});

test('a choice gives its value, and only one of its own', async () => {
  const choices = [
    { value: 'a', title: 'First' },
    { value: 'b', title: 'Second' },
  ];
  const wrapper = mount(SelectInput, { props: { choices, modelValue: 'a' } });
  await wrapper.get('select').setValue('b');
  expect(wrapper.emitted('update:modelValue')).toEqual([['b']]);
});

test('a field ties its label and its fault to the input', () => {
  const wrapper = mount(FormField, {
    props: { label: 'Bins', fault: 'too many' },
    slots: {
      default: `<template #default="{ id, described }"><input :id="id" :aria-describedby="described" /></template>`,
    },
  });
  const input = wrapper.get('input');
  expect(wrapper.get('label').attributes('for')).toBe(input.attributes('id'));
  expect(wrapper.get(`#${input.attributes('aria-describedby')}`).text()).toBe('too many');
});

describe('a failure is told', () => {
  test('with what, where, expected, found and what to do, each once', () => {
    const error = new AppError('corrupt', 'a member ends after the file does', {
      file: 'mlp.params',
      tensor: 'hidden.weight',
      offset: 12345,
      expected: '20480 bytes',
      found: '77 bytes',
      hint: 'copy the file again',
    });
    const wrapper = mount(ErrorNotice, { props: { error, title: 'Could not open mlp.params' } });
    expect(wrapper.attributes('role')).toBe('alert');
    expect(wrapper.findAll('p').map((line) => line.text())).toEqual([
      'Could not open mlp.params',
      'A member ends after the file does.',
      'Copy the file again.',
    ]);
    expect(
      wrapper.findAll('.facts > div').map((fact) => fact.findAll('dt, dd').map((part) => part.text())),
    ).toEqual([
      ['tensor', 'hidden.weight'],
      ['at byte', '12,345'],
      ['expected', '20480 bytes'],
      ['found', '77 bytes'],
    ]);
  });

  test('without letting a file’s text act', () => {
    const error = new AppError('corrupt', 'odd name', { found: '<img src=x>\u202e' });
    const wrapper = mount(ErrorNotice, { props: { error } });
    expect(wrapper.get('dd').text()).toBe('<img src=x>\\u202e');
    expect(wrapper.find('img').exists()).toBe(false);
  });
});

test('a verdict has a word beside its colour', () => {
  const wrapper = mount(VerdictBadge, { props: { tone: 'bad' }, slots: { default: 'Different' } });
  expect([wrapper.text(), wrapper.find('svg').attributes('aria-hidden')]).toEqual(['Different', 'true']);
});

test('progress is told in per cent, or as busy where the end is not known', () => {
  const known = mount(ProgressBar, { props: { label: 'Opening', done: 1, total: 3 } });
  const unknown = mount(ProgressBar, { props: { label: 'Opening' } });
  expect([known.attributes('aria-valuenow'), unknown.attributes('aria-valuenow')]).toEqual(['33', undefined]);
});
