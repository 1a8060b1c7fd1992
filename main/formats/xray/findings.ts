import { XRAY_IMPORTS } from '#main/bytes/limits.ts';
import type { CodePart, PickleImport } from '#main/formats/contract.ts';
import type { Refusal } from '#main/formats/pytorch/weights-only-rules.ts';
import type { WatchedCall } from '#main/formats/xray/watched-pickle.ts';
import type { Problem } from '#shared/checkpoint.ts';
import type { AppError } from '#shared/errors.ts';

/** A pickle that was met, as far as it could be read. */
export interface MetPickle {
  readonly stream: string;
  /** Byte offsets in its stream. */
  readonly begin: number;
  readonly end: number;
  /** Why torch's restricted reader would stop in it. */
  readonly refusal: Refusal | undefined;
  readonly storageIdLengths: ReadonlySet<number>;
  readonly fault: AppError | undefined;
}

/** What an X-ray has gathered, within limits. */
export interface Findings {
  readonly imports: readonly PickleImport[];
  readonly calls: readonly (WatchedCall & { readonly stream: string })[];
  readonly parts: readonly CodePart[];
  readonly pickles: readonly MetPickle[];
  readonly problems: readonly Problem[];
  /** Whether everything was read to its end. */
  isComplete(): boolean;
  addImports(imports: readonly Omit<PickleImport, 'stream'>[], stream: string): void;
  addCalls(calls: readonly WatchedCall[], stream: string): void;
  addPart(part: CodePart): void;
  addPickle(pickle: MetPickle): void;
  /** Something could not be read: there may be more than is listed. */
  miss(message: string, offset?: number): void;
}

/** Reasons for being incomplete that are told one by one. */
const MOST_REASONS = 100;

export function newFindings(): Findings {
  const imports: PickleImport[] = [];
  const calls: (WatchedCall & { stream: string })[] = [];
  const parts: CodePart[] = [];
  const pickles: MetPickle[] = [];
  const problems: Problem[] = [];
  const places = new Set<string>();
  const names = new Set<string>();
  let isComplete = true;

  function miss(message: string, offset?: number): void {
    isComplete = false;
    if (problems.length > MOST_REASONS) return;
    if (problems.length === MOST_REASONS)
      problems.push({ code: 'incomplete', message: 'and more of that kind' });
    else problems.push({ code: 'incomplete', message, ...(offset === undefined ? {} : { offset }) });
  }

  function addImport(imported: PickleImport): void {
    const { module, name, offset, stream } = imported;
    const place = JSON.stringify([stream, offset, module, name]);
    if (places.has(place)) return;
    const key = JSON.stringify([module, name]);
    // a flood of harmless names must not hide another one behind it
    const isListed = imports.length < XRAY_IMPORTS || (!names.has(key) && imports.length < 2 * XRAY_IMPORTS);
    if (!isListed) {
      if (isComplete) miss(`the file imports more names than are listed, which is at most ${XRAY_IMPORTS}`);
      isComplete = false;
      return;
    }
    places.add(place);
    names.add(key);
    imports.push(imported);
  }

  return {
    imports,
    calls,
    parts,
    pickles,
    problems,
    isComplete: () => isComplete,
    addImports: (found, stream) => {
      for (const { module, name, offset } of found) addImport({ module, name, offset, stream });
    },
    addCalls: (found, stream) => {
      for (const call of found) calls.push({ ...call, stream });
    },
    addPart: (part) => {
      const isKnown = parts.some(({ name, stream, text }) => {
        return name === part.name && stream === part.stream && text === part.text;
      });
      if (!isKnown) parts.push(part);
    },
    addPickle: (pickle) => void pickles.push(pickle),
    miss,
  };
}
