/** What the palette offers, and how well each fits what is typed. Pure. */

export interface PaletteEntry {
  readonly key: string;
  readonly title: string;
  /** What kind of thing it is: `Command`, `Checkpoint`, `Tensor`. */
  readonly kind: string;
  readonly detail?: string;
  readonly shortcut?: string | undefined;
  run(): unknown;
}

const MOST_SHOWN = 60;

/** Those that fit, best first; with nothing typed the first ones as they are. */
export function fitting(entries: Iterable<PaletteEntry>, typed: string): PaletteEntry[] {
  const words = typed.trim().toLowerCase().split(/\s+/).filter(Boolean);
  const found: { entry: PaletteEntry; score: number }[] = [];
  for (const entry of entries) {
    if (words.length === 0 && found.length >= MOST_SHOWN) break;
    const score = scoreOf(entry.title.toLowerCase(), words);
    if (score !== undefined) found.push({ entry, score });
  }
  return found
    .sort((a, b) => b.score - a.score)
    .slice(0, MOST_SHOWN)
    .map(({ entry }) => entry);
}

/** Higher for words that stand at the start of the text or of one of its parts; undefined where one is missing. */
function scoreOf(text: string, words: readonly string[]): number | undefined {
  let score = 0;
  for (const word of words) {
    const at = text.indexOf(word);
    if (at < 0) return undefined;
    score += at === 0 ? 3 : /[\s./_-]/.test(text[at - 1] ?? '') ? 2 : 1;
  }
  return words.length === 0 ? 0 : score - text.length / 1_000;
}
