/** Where an arrow, page, Home or End key leads in a list. @returns undefined for keys that lead nowhere. */
export function keyStep(key: string, index: number, count: number, page: number): number | undefined {
  if (count === 0) return undefined;
  const last = count - 1;
  const bounded = (wanted: number) => Math.min(last, Math.max(0, wanted));
  switch (key) {
    case 'ArrowDown':
      return bounded(index + 1);
    case 'ArrowUp':
      return index < 0 ? last : bounded(index - 1);
    case 'PageDown':
      return bounded(index + page);
    case 'PageUp':
      return bounded(index - page);
    case 'Home':
      return 0;
    case 'End':
      return last;
    default:
      return undefined;
  }
}
