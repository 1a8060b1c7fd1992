import { expect, test } from 'vitest';

import { coordinateIn, fixedAxes, planeFor, withAxis } from '#renderer/charts/plane.ts';

test('a plane lies along the last two axes at first', () => {
  expect([planeFor([4, 3, 2], undefined), planeFor([7], undefined), planeFor([], undefined)]).toEqual([
    { rowAxis: 1, columnAxis: 2, indices: [0, 0, 0] },
    { rowAxis: 0, columnAxis: 0, indices: [0] },
    { rowAxis: 0, columnAxis: 0, indices: [] },
  ]);
});

test('a plane goes along to a tensor of equal rank, its indices kept within', () => {
  const previous = { rowAxis: 0, columnAxis: 2, indices: [0, 9, 0] };
  expect(planeFor([8, 4, 2], previous)).toEqual({ rowAxis: 0, columnAxis: 2, indices: [0, 3, 0] });
  expect(planeFor([8, 4], previous)).toEqual({ rowAxis: 0, columnAxis: 1, indices: [0, 0] });
});

test('choosing an axis that the other side has makes them change places', () => {
  const plane = { rowAxis: 1, columnAxis: 2, indices: [0, 0, 0] };
  expect(withAxis(plane, 'rowAxis', 2)).toEqual({ rowAxis: 2, columnAxis: 1, indices: [0, 0, 0] });
  expect(withAxis(plane, 'rowAxis', 0)).toEqual({ rowAxis: 0, columnAxis: 2, indices: [0, 0, 0] });
});

test('the other axes have an index each, and a place in the plane has a coordinate', () => {
  const plane = { rowAxis: 3, columnAxis: 1, indices: [5, 0, 7, 0] };
  expect(fixedAxes([9, 9, 9, 9], plane)).toEqual([0, 2]);
  expect(coordinateIn([9, 9, 9, 9], plane, 2, 4)).toEqual([5, 4, 7, 2]);
});
