import { AppError } from '#shared/errors.ts';

/**
 * A predicate for names: `*` any run, `?` one character, `[…]` a set, backslash escapes. The whole name must match.
 * Matching is linear in name times pattern, whatever the pattern.
 * @throws AppError `invalid-params` for an unfinished set.
 */
export function globMatcher(pattern: string): (name: string) => boolean {
  const parts = parseGlob(pattern);
  return (name) => matches(parts, [...name]);
}

/** Whether any of the globs matches; no globs match everything. */
export function anyGlob(patterns: readonly string[] | undefined): (name: string) => boolean {
  if (!patterns || patterns.length === 0) return () => true;
  const matchers = patterns.map(globMatcher);
  return (name) => matchers.some((isMatch) => isMatch(name));
}

type Part =
  { readonly kind: 'run' } | { readonly kind: 'one'; readonly fits: (character: string) => boolean };

function parseGlob(pattern: string): Part[] {
  const characters = [...pattern];
  const parts: Part[] = [];
  for (let i = 0; i < characters.length; i++) {
    const character = characters[i]!;
    if (character === '*') parts.push({ kind: 'run' });
    else if (character === '?') parts.push({ kind: 'one', fits: () => true });
    else if (character === '[') {
      const end = characters.indexOf(']', i + 2);
      if (end === -1) {
        throw new AppError('invalid-params', `the pattern ${pattern} has a set that does not end`, {
          expected: ']',
          hint: 'a backslash makes [ an ordinary character',
        });
      }
      parts.push({ kind: 'one', fits: setMatcher(characters.slice(i + 1, end)) });
      i = end;
    } else {
      const literal = character === '\\' && i + 1 < characters.length ? characters[++i]! : character;
      parts.push({ kind: 'one', fits: (other) => other === literal });
    }
  }
  return parts;
}

function setMatcher(set: readonly string[]): (character: string) => boolean {
  const isNegated = set[0] === '!' || set[0] === '^';
  const members = isNegated ? set.slice(1) : set;
  return (character) => {
    let isIn = false;
    for (let i = 0; i < members.length; i++) {
      if (members[i + 1] === '-' && i + 2 < members.length) {
        if (character >= members[i]! && character <= members[i + 2]!) isIn = true;
        i += 2;
      } else if (members[i] === character) isIn = true;
    }
    return isIn !== isNegated;
  };
}

/** Greedy with one point to fall back to: the last `*` takes one more character each time. */
function matches(parts: readonly Part[], name: readonly string[]): boolean {
  let part = 0;
  let at = 0;
  let lastRun = -1;
  let lastAt = 0;
  while (at < name.length) {
    const current = parts[part];
    if (current?.kind === 'one' && current.fits(name[at]!)) {
      part++;
      at++;
    } else if (current?.kind === 'run') {
      lastRun = part++;
      lastAt = at;
    } else if (lastRun !== -1) {
      part = lastRun + 1;
      at = ++lastAt;
    } else return false;
  }
  while (parts[part]?.kind === 'run') part++;
  return part === parts.length;
}
