/** What an X-ray found, as rows to read: the most worrying first. */
import type { VerdictTone } from '#renderer/ui/VerdictBadge.vue';
import type { Verdict } from '#renderer/ui/verdict.ts';
import { counted } from '#renderer/views/browse/totals.ts';
import { escapeName } from '#shared/display.ts';
import { IMPORT_VERDICTS, type ImportVerdict, type Xray } from '#shared/xray.ts';

export interface XrayRow {
  readonly key: string;
  /** What it is, in a word or two. */
  readonly kind: string;
  readonly tone: VerdictTone;
  /** One line. */
  readonly text: string;
  /** All of it. */
  readonly detail: string;
  readonly stream: string;
  /** Bytes into the stream; absent where there is no one place. */
  readonly offset?: number;
  /** How many more like it there are in the stream. */
  readonly times: number;
}

export const VERDICT_WORDS: Readonly<Record<ImportVerdict, string>> = {
  dangerous: 'dangerous',
  unknown: 'unknown',
  framework: 'known framework',
  data: 'plain data',
};
const TONES: Readonly<Record<ImportVerdict, VerdictTone>> = {
  dangerous: 'bad',
  unknown: 'caution',
  framework: 'neutral',
  data: 'neutral',
};

export function xrayRows(xray: Xray): readonly XrayRow[] {
  return [
    ...importRows(xray, ['dangerous', 'unknown']),
    ...callRows(xray),
    ...xray.parts.map(({ kind, name, stream, text }, index) => ({
      key: `part ${index}`,
      kind: kind.replaceAll('-', ' '),
      tone: 'caution' as const,
      text: escapeName(name),
      detail: text,
      stream,
      times: 1,
    })),
    ...importRows(xray, ['framework', 'data']),
    ...xray.problems.map(({ message, offset }, index) => ({
      key: `problem ${index}`,
      kind: 'not read',
      tone: 'caution' as const,
      text: escapeName(message),
      detail: message,
      stream: '',
      ...(offset === undefined ? {} : { offset }),
      times: 1,
    })),
  ];
}

/** One row a name and stream, at its first place. */
function importRows({ imports }: Xray, verdicts: readonly ImportVerdict[]): readonly XrayRow[] {
  const rows = new Map<string, XrayRow & { readonly verdict: ImportVerdict }>();
  for (const { module, name, verdict, offset, stream, reason } of imports) {
    if (!verdicts.includes(verdict)) continue;
    const key = `import ${JSON.stringify([stream, module, name])}`;
    const known = rows.get(key);
    const text = `${module} ${name}`;
    const because = reason === undefined ? '' : `\n${VERDICT_WORDS[verdict]}: ${reason}`;
    rows.set(key, {
      ...(known ?? {
        key,
        kind: VERDICT_WORDS[verdict],
        tone: TONES[verdict],
        text: escapeName(text),
        detail: `${text}${because}`,
        stream,
        offset,
        verdict,
      }),
      times: (known?.times ?? 0) + 1,
    });
  }
  return verdicts.flatMap((wanted) => [...rows.values()].filter(({ verdict }) => verdict === wanted));
}

/** What is called by names that are known is no news. */
function callRows({ calls }: Xray): readonly XrayRow[] {
  return calls
    .filter(({ verdict }) => verdict === 'dangerous' || verdict === 'unknown')
    .map(({ expression, verdict, offset, stream }, index) => ({
      key: `call ${index}`,
      kind: 'would call',
      tone: TONES[verdict],
      text: escapeName(expression),
      detail: expression,
      stream,
      offset,
      times: 1,
    }));
}

/** The sentence on top. It never says that a file is safe. */
export function xrayVerdict(xray: Xray): Verdict {
  const names = IMPORT_VERDICTS.flatMap((verdict) => {
    const count = namesOf(xray, verdict);
    return count > 0 ? [SENTENCE_PARTS[verdict](count)] : [];
  });
  const parts = xray.parts.length;
  const sentences = [
    ...(xray.complete ? [] : ['Incomplete: not everything could be read.']),
    ...(names.length > 0 ? [`It asks for ${listed(names)}.`] : []),
    ...(parts > 0 ? [`It brings ${counted(parts, 'piece')} of code or template.`] : []),
    ...(names.length + parts === 0 ? ['It asks for nothing by name.'] : []),
  ];
  const { accepted, reason } = xray.weightsOnly;
  const torch = accepted
    ? 'torch.load(weights_only=True) would take this file.'
    : `torch.load(weights_only=True) would refuse this file: ${escapeName(reason ?? 'it cannot be read')}.`;
  return {
    tone: toneOf(xray),
    sentence: sentences.join(' '),
    details: [
      // of files without pickles it says nothing that anybody wants to know
      ...(accepted || xray.imports.length > 0 ? [torch] : []),
      'Nothing was run. What is not known may do anything; a name that is known may do more than hold numbers.',
    ],
  };
}

const SENTENCE_PARTS: Readonly<Record<ImportVerdict, (count: number) => string>> = {
  dangerous: (count) => counted(count, 'dangerous name'),
  unknown: (count) => counted(count, 'unknown name'),
  framework: (count) => `${counted(count, 'name')} of known frameworks`,
  data: (count) => `${counted(count, 'name')} of plain data`,
};

/** `a`, `a and b`, `a, b and c`. */
function listed(parts: readonly string[]): string {
  const last = parts.at(-1) ?? '';
  return parts.length < 2 ? last : `${parts.slice(0, -1).join(', ')} and ${last}`;
}

function namesOf({ imports }: Xray, wanted: ImportVerdict): number {
  const names = imports.filter(({ verdict }) => verdict === wanted);
  return new Set(names.map(({ module, name }) => `${module} ${name}`)).size;
}

function toneOf(xray: Xray): Verdict['tone'] {
  if (namesOf(xray, 'dangerous') > 0) return 'bad';
  const isPlain = xray.complete && xray.parts.length === 0 && namesOf(xray, 'unknown') === 0;
  return isPlain ? 'neutral' : 'caution';
}
