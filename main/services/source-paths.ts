import type { ByteSource, SourceDescription } from '#main/bytes/source.ts';

/** The paths of the files that sources take their bytes from, each once. */
export function pathsUnder(sources: readonly ByteSource[]): ReadonlySet<string> {
  return new Set(sources.flatMap(({ description }) => pathsOf(description)));
}

function pathsOf(source: SourceDescription): readonly string[] {
  switch (source.kind) {
    case 'file':
      return [source.path];
    case 'memory':
      return [];
    case 'joined':
      return source.parts.flatMap(pathsOf);
    default:
      return pathsOf(source.of);
  }
}
