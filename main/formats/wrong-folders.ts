/** What people drop as a folder that no format claims. The first row that applies speaks. */

export interface WrongFolder {
  /** Of the names in the folder. */
  readonly when: (names: readonly string[]) => boolean;
  readonly code: 'unknown-format' | 'unsupported';
  readonly message: string;
  readonly hint?: string;
}

const has =
  (pattern: RegExp) =>
  (names: readonly string[]): boolean =>
    names.some((name) => pattern.test(name));

export const WRONG_FOLDERS: readonly WrongFolder[] = [
  { when: (names) => names.length === 0, code: 'unknown-format', message: 'the folder is empty' },
  {
    when: has(/\.distcp$/),
    code: 'unsupported',
    message: 'this folder is a PyTorch distributed checkpoint whose .metadata file is missing or damaged',
    hint: 'the names and places of its tensors were in that file; find it, or open one .distcp for its values without names',
  },
  {
    when: (names) => names.includes('Manifest.json') && names.includes('Data'),
    code: 'unsupported',
    message: 'this folder is a Core ML package, which we do not read',
  },
  {
    when: has(/^saved_model\.pb(txt)?$/),
    code: 'unsupported',
    message: 'this folder is a SavedModel without variables: its values are constants of its graph',
  },
  {
    when: has(/\.(data-\d{5}-of-\d{5}|index)\.tempstate\d+$/),
    code: 'unknown-format',
    message: 'this folder holds a TensorFlow save that was interrupted before its index was written',
    hint: 'without it neither names nor shapes of the values are known; open an older checkpoint',
  },
  {
    when: has(/\.index\.json$/),
    code: 'unsupported',
    message: 'this folder holds the index of a sharded checkpoint, damaged or of parts that we do not join',
    hint: 'open its shards one by one',
  },
  {
    when: () => true,
    code: 'unknown-format',
    message: 'this folder is no checkpoint of several files',
    hint: 'open one of the files in it',
  },
];
