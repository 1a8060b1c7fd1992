import type { CommandName, Result } from '#shared/commands/commands.ts';

/** What a printer may know besides the result. */
export interface PrintContext {
  /** By flag. */
  readonly options: ReadonlyMap<string, string | true>;
  /** Paths as they were given. */
  readonly paths: readonly string[];
  readonly style: Style;
}

/** Marks for a terminal; plain text elsewhere. */
export interface Style {
  readonly strong: (text: string) => string;
  readonly good: (text: string) => string;
  readonly caution: (text: string) => string;
  readonly bad: (text: string) => string;
  readonly faint: (text: string) => string;
}

/** A verb's text for people, its JSON document, and the answer its exit code gives. */
export interface Printer<Name extends CommandName> {
  text(result: Result<Name>, context: PrintContext): string;
  json?(result: Result<Name>, context: PrintContext): unknown;
  /** 0 unless told: 1 where the answer is no. */
  exitCode?(result: Result<Name>, context: PrintContext): 0 | 1;
}

const ESCAPES = { strong: '1', good: '32', caution: '33', bad: '31', faint: '2' } as const;

export function styleFor(isTerminal: boolean): Style {
  const mark = (code: string) => (text: string) => (isTerminal ? `\u001b[${code}m${text}\u001b[0m` : text);
  return {
    strong: mark(ESCAPES.strong),
    good: mark(ESCAPES.good),
    caution: mark(ESCAPES.caution),
    bad: mark(ESCAPES.bad),
    faint: mark(ESCAPES.faint),
  };
}
