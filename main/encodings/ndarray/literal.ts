// The part of Python's literal grammar that NumPy headers use: https://docs.python.org/3/reference/lexical_analysis.html
import { LITERAL_DEPTH } from '#main/bytes/limits.ts';
import { AppError } from '#shared/errors.ts';

export type Literal = null | boolean | number | bigint | string | LiteralSequence | LiteralDict;

export interface LiteralSequence {
  readonly kind: 'list' | 'tuple';
  readonly items: readonly Literal[];
}

export interface LiteralDict {
  readonly kind: 'dict';
  /** Text keys only; of a repeated key the last value, as in Python. */
  readonly entries: ReadonlyMap<string, Literal>;
}

export function isSequence(value: Literal | undefined): value is LiteralSequence {
  return typeof value === 'object' && value !== null && value.kind !== 'dict';
}

/**
 * Parses one literal: dicts with text keys, lists, tuples, texts, integers (Python 2's `3L` too), True, False, None.
 * @throws AppError `corrupt` with the character offset, `limit` for nesting beyond `LITERAL_DEPTH`.
 */
export function parseLiteral(text: string): Literal {
  let position = 0;
  const value = parseValue(0);
  skipBlanks();
  if (position < text.length) throw fault('nothing more');
  return value;

  function parseValue(depth: number): Literal {
    if (depth > LITERAL_DEPTH) throw new AppError('limit', `values nested deeper than ${LITERAL_DEPTH}`);
    skipBlanks();
    const character = text[position];
    if (character === '{') return parseDict(depth);
    if (character === '[') return { kind: 'list', items: parseItems(']', depth).items };
    if (character === '(') return parseTuple(depth);
    if (isQuoteAhead()) return parseTexts();
    const word = takeWhile(isWordCharacter);
    if (NAMED.has(word)) return NAMED.get(word)!;
    return parseInteger(word);
  }

  function parseDict(depth: number): LiteralDict {
    const entries = new Map<string, Literal>();
    position++;
    for (skipBlanks(); text[position] !== '}'; skipBlanks()) {
      if (!isQuoteAhead()) throw fault('a key in quotes');
      const key = parseTexts();
      skipBlanks();
      expect(':');
      entries.set(key, parseValue(depth + 1));
      skipBlanks();
      if (text[position] === ',') position++;
      else if (text[position] !== '}') throw fault('a comma or }');
    }
    position++;
    return { kind: 'dict', entries };
  }

  /** One item without a comma is that item in parentheses. */
  function parseTuple(depth: number): Literal {
    const { items, hasComma } = parseItems(')', depth);
    return items.length === 1 && !hasComma ? items[0]! : { kind: 'tuple', items };
  }

  function parseItems(close: string, depth: number): { items: Literal[]; hasComma: boolean } {
    const items: Literal[] = [];
    let hasComma = false;
    position++;
    for (skipBlanks(); text[position] !== close; skipBlanks()) {
      items.push(parseValue(depth + 1));
      skipBlanks();
      if (text[position] === ',') {
        position++;
        hasComma = true;
      } else if (text[position] !== close) {
        throw fault(`a comma or ${close}`);
      }
    }
    position++;
    return { items, hasComma };
  }

  /** Neighbouring literals join, as in Python. */
  function parseTexts(): string {
    let joined = '';
    do {
      joined += parseText();
      skipBlanks();
    } while (isQuoteAhead());
    return joined;
  }

  function parseText(): string {
    takeWhile((character) => 'uUbB'.includes(character));
    const quote = text[position++]!;
    let value = '';
    for (;;) {
      const character = text[position++];
      if (character === undefined || character === '\n') throw fault(`a closing ${quote}`);
      if (character === quote) return value;
      value += character === '\\' ? parseEscape() : character;
    }
  }

  function parseEscape(): string {
    const character = text[position++] ?? '';
    const simple = SIMPLE_ESCAPES.get(character);
    if (simple !== undefined) return simple;
    const width = HEX_ESCAPES.get(character);
    if (width === undefined) return `\\${character}`;
    const code = Number(`0x${text.slice(position, position + width)}`);
    if (!(code <= 0x10ffff)) throw fault(`${width} hexadecimal digits`);
    position += width;
    return String.fromCodePoint(code);
  }

  function parseInteger(word: string): number | bigint {
    const digits = word.endsWith('L') ? word.slice(0, -1) : word;
    const unsigned = digits.startsWith('-') || digits.startsWith('+') ? digits.slice(1) : digits;
    const isInteger = unsigned !== '' && unsigned.length <= MOST_DIGITS && [...unsigned].every(isDigit);
    if (!isInteger) throw fault('a value', word);
    const value = Number(digits);
    return Number.isSafeInteger(value) ? value : BigInt(digits);
  }

  function isQuoteAhead(): boolean {
    const prefixed = 'uUbB'.includes(text[position] ?? ' ') ? position + 1 : position;
    return text[prefixed] === "'" || text[prefixed] === '"';
  }

  function takeWhile(isWanted: (character: string) => boolean): string {
    const begin = position;
    while (position < text.length && isWanted(text[position]!)) position++;
    return text.slice(begin, position);
  }

  function skipBlanks(): void {
    takeWhile((character) => BLANKS.includes(character));
  }

  function expect(character: string): void {
    if (text[position] !== character) throw fault(character);
    position++;
  }

  function fault(expected: string, found = text.slice(position, position + 20)): AppError {
    return new AppError('corrupt', `the text is no Python value at character ${position}`, {
      expected,
      found: found === '' ? 'the end' : found,
    });
  }
}

const BLANKS = ' \t\r\n\f\0';
/** More digits than any dimension or offset has. */
const MOST_DIGITS = 40;
const NAMED: ReadonlyMap<string, boolean | null> = new Map([
  ['True', true],
  ['False', false],
  ['None', null],
]);
const SIMPLE_ESCAPES: ReadonlyMap<string, string> = new Map([
  ['\\', '\\'],
  ["'", "'"],
  ['"', '"'],
  ['n', '\n'],
  ['r', '\r'],
  ['t', '\t'],
  ['0', '\0'],
]);
const HEX_ESCAPES: ReadonlyMap<string, number> = new Map([
  ['x', 2],
  ['u', 4],
  ['U', 8],
]);

function isDigit(character: string): boolean {
  return character >= '0' && character <= '9';
}

function isWordCharacter(character: string): boolean {
  return (
    isDigit(character) ||
    '+-_'.includes(character) ||
    (character >= 'A' && character <= 'z' && !'[\\]^`'.includes(character))
  );
}
