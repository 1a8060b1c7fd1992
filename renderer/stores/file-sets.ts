/** Files that open as one: of a TensorFlow checkpoint's index and data files any one opens them all. */
import type { PickedFile } from '#shared/bridge.ts';

const MEMBER = /\.(?:index|data-\d{5}-of-\d{5})$/;

/** One file of each set, the index where it is there; everything else as it is, in the order given. */
export function oneOfEachSet(picked: readonly PickedFile[]): PickedFile[] {
  const chosen = new Map<string, PickedFile>();
  for (const file of picked) {
    const stem = file.name.replace(MEMBER, '');
    const key = stem === file.name ? `file ${file.file}` : `set ${stem}`;
    if (!chosen.has(key) || file.name.endsWith('.index')) chosen.set(key, file);
  }
  return [...chosen.values()];
}
