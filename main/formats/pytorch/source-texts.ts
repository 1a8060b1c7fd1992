import { textOf } from '#main/encodings/pickle/content.ts';
import { asKind, itemsOf, type PickleNode } from '#main/encodings/pickle/nodes.ts';
import { metadataFrom, type Metadata } from '#shared/checkpoint.ts';

/** Modules come with the text of the class that made them: an entry of metadata, where there are any, from ids `('module', class, file, text)`. */
export function sourceTexts(ids: readonly PickleNode[]): [string, Metadata][] {
  const texts: [string, string][] = [];
  for (const id of ids) {
    const [tag, named, file, text] = itemsOf(id) ?? [];
    const content = textOf(text);
    if (textOf(tag) !== 'module' || content === undefined) continue;
    const global = asKind(named, 'global');
    texts.push([`${global?.module ?? '?'}.${global?.name ?? '?'} (${textOf(file) ?? '?'})`, content]);
  }
  return texts.length === 0 ? [] : [['source', metadataFrom(texts)]];
}
