/** Names whose objects are plain data, shown as such: Python's own containers and values. */
const PLAIN: ReadonlyMap<string, ReadonlySet<string>> = new Map([
  ['collections', new Set(['OrderedDict', 'defaultdict', 'Counter', 'deque', 'namedtuple'])],
  ['_codecs', new Set(['encode'])],
  ['copyreg', new Set(['_reconstructor', '__newobj__', '__newobj_ex__'])],
  ['datetime', new Set(['datetime', 'date', 'time', 'timedelta', 'timezone'])],
  ['decimal', new Set(['Decimal'])],
  ['fractions', new Set(['Fraction'])],
  ['uuid', new Set(['UUID'])],
  ['argparse', new Set(['Namespace'])],
  ['types', new Set(['SimpleNamespace'])],
  ['pathlib', new Set(['Path', 'PurePath', 'PosixPath', 'WindowsPath', 'PurePosixPath', 'PureWindowsPath'])],
  [
    'builtins',
    new Set([
      ...['set', 'frozenset', 'list', 'tuple', 'dict', 'bytes', 'bytearray', 'str', 'int', 'float', 'bool'],
      ...['complex', 'range', 'slice', 'object', 'long', 'unicode', 'xrange'],
    ]),
  ],
]);

/** Python 2's and newer releases' names of the same modules. */
const RENAMED: ReadonlyMap<string, string> = new Map([
  ['__builtin__', 'builtins'],
  ['copy_reg', 'copyreg'],
  ['pathlib._local', 'pathlib'],
]);

export function isPlainGlobal(module: string, name: string): boolean {
  return PLAIN.get(RENAMED.get(module) ?? module)?.has(name) ?? false;
}
