import { vi } from 'vitest';

/** happy-dom lays nothing out: gives every element a size, so that what shows only visible rows shows some. */
export function layOut(width = 900, height = 560): void {
  for (const [property, value] of [
    ['offsetWidth', width],
    ['clientWidth', width],
    ['offsetHeight', height],
    ['clientHeight', height],
  ] as const) {
    vi.spyOn(HTMLElement.prototype, property, 'get').mockReturnValue(value);
  }
}

/** Waits until something on the page is as it should be. */
export async function until<Value>(look: () => Value): Promise<NonNullable<Value>> {
  return vi.waitFor(
    () => {
      const value = look();
      if (value === undefined || value === null || value === false) throw new Error('not yet');
      return value;
    },
    { timeout: 10_000, interval: 10 },
  );
}
