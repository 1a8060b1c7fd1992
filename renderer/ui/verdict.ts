/** What an answer says in words: one large sentence and what stands beneath it. */
export interface Verdict {
  readonly tone: 'good' | 'caution' | 'bad' | 'neutral';
  readonly sentence: string;
  readonly details: readonly string[];
}
