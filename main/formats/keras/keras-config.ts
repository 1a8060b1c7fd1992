import { METADATA_DEPTH, METADATA_VALUES } from '#main/bytes/limits.ts';
import { readJson } from '#main/encodings/json/json.ts';
import type { CodePart } from '#main/formats/contract.ts';
import { metadataFrom, type MetadataValue, type Problem } from '#shared/checkpoint.ts';
import { isAppError } from '#shared/errors.ts';

type Json = null | boolean | number | string | Json[] | { readonly [key: string]: Json };

/** A model's or optimizer's description as Keras saves it: JSON. */
export interface ModelConfig {
  /** For showing; the text itself where it is no JSON, or too much of it. */
  readonly metadata: MetadataValue;
  /** Names of layers in the model's order, inner layers after the one that holds them. */
  readonly layerNames: readonly string[];
  /** What loading the model would run. */
  readonly code: readonly CodePart[];
  readonly problems: readonly Problem[];
}

/** Modules whose classes are Keras' own. */
const OWN_MODULES = /^(keras|keras_hub|keras_nlp|keras_cv|keras_core|tf_keras|tensorflow|builtins)(\.|$)/;

/** @param stream where the text is from, such as `config.json`. */
export function parseConfig(text: string, stream: string): ModelConfig {
  let tree: Json;
  try {
    const reader = readJson(text, { what: stream });
    reader.skip();
    reader.end();
    tree = JSON.parse(text) as Json;
  } catch (error) {
    if (!isAppError(error)) throw error;
    const problem = { code: 'model-config', message: error.message };
    return { metadata: text, layerNames: [], code: [], problems: [problem] };
  }
  const layerNames: string[] = [];
  const code: CodePart[] = [];
  const problems: Problem[] = [];
  // the function of a Lambda layer belongs to the layer
  const told = new Set<Json>();
  visitObjects(tree, (object) => {
    const name = layerName(object);
    if (name !== undefined) layerNames.push(name);
    if (told.has(object)) return;
    const { config } = object;
    if (config !== null && typeof config === 'object' && !Array.isArray(config))
      told.add(config['function'] ?? null);
    const part = codeOf(object, name, stream);
    if (!part) return;
    code.push(part);
    problems.push({ code: part.kind, message: messageOf(part) });
  });
  return { metadata: shown(tree) ?? text, layerNames, code, problems };
}

/** Every object of the tree, an outer one before those inside it. */
function visitObjects(root: Json, visit: (object: { readonly [key: string]: Json }) => void): void {
  const pending: Json[] = [root];
  while (pending.length > 0) {
    const value = pending.pop()!;
    if (value === null || typeof value !== 'object') continue;
    if (!Array.isArray(value)) visit(value);
    for (const inner of Object.values(value).reverse()) pending.push(inner);
  }
}

/** The name that a layer's description gives it. */
function layerName(object: { readonly [key: string]: Json }): string | undefined {
  const { config, class_name: className } = object;
  if (
    typeof className !== 'string' ||
    config === null ||
    typeof config !== 'object' ||
    Array.isArray(config)
  ) {
    return undefined;
  }
  return typeof config?.['name'] === 'string' ? config['name'] : undefined;
}

/** A Lambda layer's function wherever it stands, or a class that is none of Keras' own. */
function codeOf(
  object: { readonly [key: string]: Json },
  name: string | undefined,
  stream: string,
): CodePart | undefined {
  const { class_name: className, module, config } = object;
  if (typeof className !== 'string') return undefined;
  if (className === 'Lambda' || className === '__lambda__') {
    return { kind: 'lambda-layer', name: name ?? className, stream, text: JSON.stringify(config ?? null) };
  }
  if (typeof module === 'string' && !OWN_MODULES.test(module)) {
    return {
      kind: 'foreign-class',
      name: `${module}.${className}`,
      stream,
      text: JSON.stringify(config ?? null),
    };
  }
  return undefined;
}

function messageOf({ kind, name, stream }: CodePart): string {
  return kind === 'lambda-layer'
    ? `${stream} has the Lambda layer ${name}: code that Keras would run; nothing is run here`
    : `${stream} names the class ${name}, which Keras would import; nothing is imported here`;
}

/** The tree as metadata; undefined for one that is too deep or too large to show. */
function shown(root: Json): MetadataValue | undefined {
  let left = METADATA_VALUES;

  function convert(value: Json, depth: number): MetadataValue | undefined {
    if (depth > METADATA_DEPTH || --left < 0) return undefined;
    if (value === null || typeof value !== 'object') return value;
    const isList = Array.isArray(value);
    const entries: [string, MetadataValue][] = [];
    for (const [key, inner] of Object.entries(value)) {
      const converted = convert(inner, depth + 1);
      if (converted === undefined) return undefined;
      entries.push([key, converted]);
    }
    return isList ? entries.map(([, inner]) => inner) : metadataFrom(entries);
  }

  return convert(root, 0);
}
