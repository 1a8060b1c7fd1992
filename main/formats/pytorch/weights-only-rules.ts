// What torch.load(weights_only=True) lets pass: torch/_weights_only_unpickler.py of torch 2.6 to 2.15.
import type { PickleWatch } from '#main/encodings/pickle/pickle.ts';
import type { PickleMachine } from '#main/encodings/pickle/machine.ts';
import { textOf } from '#main/encodings/pickle/content.ts';
import { asKind, globalName, isObject, itemsOf, type PickleNode } from '#main/encodings/pickle/nodes.ts';

/** Why and where torch's restricted reader stops. */
export interface Refusal {
  readonly reason: string;
  readonly offset: number;
}

export interface WeightsOnlyWatch {
  readonly watch: PickleWatch;
  /** The first thing that is not let pass. */
  refusal(): Refusal | undefined;
  /** Of how many parts the ids of storages are: five in a zip, six in the stream format. */
  readonly storageIdLengths: ReadonlySet<number>;
}

const OPCODES: ReadonlySet<string> = new Set(
  (
    'GLOBAL NEWOBJ REDUCE BUILD APPEND APPENDS SETITEM SETITEMS MARK TUPLE TUPLE1 TUPLE2 TUPLE3 NONE NEWFALSE NEWTRUE ' +
    'EMPTY_TUPLE EMPTY_LIST EMPTY_DICT EMPTY_SET BININT BININT1 BININT2 BINFLOAT BINUNICODE SHORT_BINSTRING BINPERSID ' +
    'BINGET LONG_BINGET BINPUT LONG_BINPUT LONG1 PROTO STOP'
  ).split(' '),
);
/** Refused even where somebody has allowed a name of theirs. */
const BLOCKED: ReadonlySet<string> = new Set(['sys', 'os', 'posix', 'nt']);
/** Python 2's names as Python 3 has them, where it matters to what is allowed. */
const RENAMED: ReadonlyMap<string, string> = new Map([
  ['__builtin__', 'builtins'],
  ['copy_reg', 'copyreg'],
]);

const TENSOR_TYPES = 'BFloat16 Byte Char Double Float Half Int Long Short'.split(' ');
const STORAGE_TYPES = [...TENSOR_TYPES, 'Bool', 'ComplexDouble', 'ComplexFloat'];
const BITS = [1, 2, 3, 4, 5, 6, 7];

const REBUILDERS: ReadonlySet<string> = new Set([
  ...(
    '_rebuild_parameter _rebuild_parameter_with_state _rebuild_qtensor _rebuild_tensor _rebuild_tensor_v2 _rebuild_tensor_v3 ' +
    '_rebuild_sparse_tensor _rebuild_meta_tensor_no_storage _rebuild_wrapper_subclass _rebuild_device_tensor_from_numpy ' +
    '_rebuild_device_tensor_from_cpu_tensor'
  )
    .split(' ')
    .map((name) => `torch._utils.${name}`),
  'torch._tensor._rebuild_from_type_v2',
]);

const TENSOR_CLASSES: ReadonlySet<string> = new Set([
  ...['torch', 'torch.cuda'].flatMap((module) =>
    [...TENSOR_TYPES, 'Bool'].map((type) => `${module}.${type}Tensor`),
  ),
  ...['torch.sparse', 'torch.cuda.sparse'].flatMap((module) =>
    TENSOR_TYPES.map((type) => `${module}.${type}Tensor`),
  ),
  'torch.Tensor',
]);

/** Every name that torch 2.15 allows without being asked. */
export const ALLOWED_GLOBALS: ReadonlySet<string> = new Set([
  ...['collections.OrderedDict', 'collections.Counter', 'torch.nn.parameter.Parameter'],
  ...['torch.serialization._get_layout', 'torch.Size', 'torch.device', '_codecs.encode'],
  ...['builtins.bytearray', 'builtins.set', 'builtins.complex'],
  ...['torch.storage.TypedStorage', 'torch.storage.UntypedStorage'],
  ...['torch', 'torch.cuda'].flatMap((module) => STORAGE_TYPES.map((type) => `${module}.${type}Storage`)),
  ...['QInt8', 'QInt32', 'QUInt8', 'QUInt4x2', 'QUInt2x4'].map((type) => `torch.${type}Storage`),
  ...(
    'float16 float32 float64 bfloat16 int8 int16 int32 int64 uint8 uint16 uint32 uint64 bool complex32 complex64 complex128 ' +
    'bcomplex32 float8_e4m3fn float8_e4m3fnuz float8_e5m2 float8_e5m2fnuz float8_e8m0fnu float4_e2m1fn_x2 bits8 bits16 bits1x8 ' +
    'bits2x4 bits4x2 qint8 qint32 quint8 quint2x4 quint4x2 per_tensor_affine per_tensor_symmetric per_channel_affine ' +
    'per_channel_symmetric per_channel_affine_float_qparams'
  )
    .split(' ')
    .map((name) => `torch.${name}`),
  ...BITS.flatMap((bits) => [`torch.int${bits}`, `torch.uint${bits}`]),
  ...TENSOR_CLASSES,
  ...REBUILDERS,
]);

const ORDERED_DICT = 'collections.OrderedDict';
const COUNTER = 'collections.Counter';

/** Follows a pickle as it is read and keeps the first thing that torch would refuse. */
export function weightsOnlyWatch(): WeightsOnlyWatch {
  let refusal: Refusal | undefined;
  const storageIdLengths = new Set<number>();
  return {
    storageIdLengths,
    watch: (opcode, machine) => {
      if (refusal) return;
      if (opcode === 'BINPERSID') storageIdLengths.add(itemsOf(idOf(machine))?.length ?? 0);
      const reason = OPCODES.has(opcode)
        ? RULES[opcode]?.(machine)
        : `it uses the pickle opcode ${opcode}, which is not allowed`;
      if (reason !== undefined) refusal = { reason, offset: machine.offset };
    },
    refusal: () => refusal,
  };
}

type Rule = (machine: PickleMachine) => string | undefined;

const RULES: Readonly<Record<string, Rule>> = {
  GLOBAL: ({ imports }) => {
    const { module, name } = imports.at(-1)!;
    const path = allowedPath(module, name);
    if (BLOCKED.has(RENAMED.get(module) ?? module)) return `it imports ${path}, whose module is blocked`;
    return ALLOWED_GLOBALS.has(path) ? undefined : `it imports ${path}, which is not allowed by default`;
  },
  REDUCE: (machine) => callRule(machine, 'calls'),
  NEWOBJ: (machine) => callRule(machine, 'makes an object of'),
  BUILD: (machine) =>
    takesState(machine.top())
      ? undefined
      : `it gives a state to ${kindOf(machine.top())}, which is not allowed`,
  APPEND: appendRule,
  APPENDS: appendRule,
  SETITEM: setItemRule,
  SETITEMS: setItemRule,
  BINPERSID: (machine) => {
    const id = idOf(machine);
    if (typeof id === 'number' || typeof id === 'bigint') return undefined;
    const parts = asKind(id, 'tuple')?.items;
    if (!parts) return 'it asks for a stored object by something that is neither a tuple nor a number';
    return parts.length === 0 || textOf(parts[0]) === 'storage'
      ? undefined
      : `it asks for a stored ${textOf(parts[0]) ?? 'object'}, where only storages are allowed`;
  },
};

function idOf(machine: PickleMachine): PickleNode | undefined {
  return asKind(machine.top(), 'persistent')?.id;
}

function allowedPath(module: string, name: string): string {
  return `${RENAMED.get(module) ?? module}.${name}`;
}

function pathOf(node: PickleNode): string | undefined {
  const global = asKind(node, 'global');
  return global && allowedPath(global.module, global.name);
}

function callRule(machine: PickleMachine, doing: string): string | undefined {
  const callable = asKind(machine.top(), 'call')?.callable ?? null;
  const path = pathOf(callable);
  if (path !== undefined && ALLOWED_GLOBALS.has(path)) return undefined;
  return `it ${doing} ${globalName(callable) ?? kindOf(callable)}, which is not allowed`;
}

function appendRule(machine: PickleMachine): string | undefined {
  const top = machine.top();
  return asKind(top, 'list') ? undefined : `it appends to ${kindOf(top)}, where only lists are allowed`;
}

function setItemRule(machine: PickleMachine): string | undefined {
  const top = machine.top();
  const made = pathOf(asKind(top, 'call')?.callable ?? null);
  if (asKind(top, 'dict') || made === ORDERED_DICT || made === COUNTER) return undefined;
  return `it sets items of ${kindOf(top)}, where only dicts are allowed`;
}

/** Tensors, parameters, ordered dicts, and instances of the classes that are allowed. */
function takesState(node: PickleNode): boolean {
  const path = pathOf(asKind(node, 'call')?.callable ?? null);
  if (path !== undefined) return ALLOWED_GLOBALS.has(path);
  return asKind(node, 'persistent') !== undefined;
}

function kindOf(node: PickleNode): string {
  if (!isObject(node)) return node === null ? 'None' : `a ${typeof node === 'boolean' ? 'bool' : 'number'}`;
  const made = node.kind === 'call' ? globalName(node.callable) : undefined;
  return made === undefined ? `a ${node.kind}` : `an object made by ${made}`;
}
