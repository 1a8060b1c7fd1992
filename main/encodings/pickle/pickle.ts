// Python pickles, protocols 0 to 5, read as data: Python's Lib/pickletools.py. Nothing in them is executed.
import { allocationBudget, PICKLE_OPCODES } from '#main/bytes/limits.ts';
import { memorySource } from '#main/bytes/memory-source.ts';
import type { ByteSource } from '#main/bytes/source.ts';
import {
  pickleMachine,
  type ImportedName,
  type MemoryBudget,
  type PickleMachine,
} from '#main/encodings/pickle/machine.ts';
import { asKind, type PickleCall, type PickleNode } from '#main/encodings/pickle/nodes.ts';
import { BUILD, FIXED_BYTES, OPCODES, STOP } from '#main/encodings/pickle/opcodes.ts';
import { pickleStream } from '#main/encodings/pickle/stream.ts';
import { AppError, throwIfCancelled } from '#shared/errors.ts';

export type { ImportedName } from '#main/encodings/pickle/machine.ts';

/** A pickle as far as it could be read. Offsets are bytes of the source that it was read from. */
export interface PickleReading {
  readonly begin: number;
  /** Just after STOP, or where reading ended. */
  readonly end: number;
  /** The highest that PROTO or any opcode speaks of. */
  readonly protocol: number;
  readonly imports: readonly ImportedName[];
  /** Opcodes met, for telling what `torch.load(weights_only=True)` would make of it. */
  readonly opcodes: ReadonlySet<string>;
  /** Undefined together with a fault. */
  readonly root: PickleNode | undefined;
  /** Why reading ended early. */
  readonly fault?: AppError;
}

export interface Pickle extends PickleReading {
  readonly root: PickleNode;
}

export interface PickleOptions {
  /** Where in the source the pickle begins; 0 when absent. */
  readonly begin?: number;
  readonly signal?: AbortSignal;
  /** Told after each opcode that has done its work; what it made is on top of the stack. STOP is told before its value is taken. */
  readonly watch?: PickleWatch;
  /** Asked after each BUILD of a described object whether its class has put something into the stream there. */
  readonly insertion?: FindInsertion;
}

/** @returns undefined where the pickle goes on at once, which it nearly always does. */
export type FindInsertion = (object: PickleCall, place: InsertionPlace) => Promise<Insertion | undefined>;

export interface InsertionPlace {
  /** The next byte: the first behind the BUILD, before anything is taken. */
  readonly position: number;
  /** The next bytes, which are passed over; valid until more are taken. @throws AppError `corrupt` at the end. */
  take(count: number): Promise<Uint8Array>;
  /** A pickle of its own that stands there. Its imports are counted among those of the pickle around it. */
  readPickle(begin: number): Promise<Pickle>;
}

export interface Insertion {
  /** Where the pickle goes on. */
  readonly end: number;
  readonly content: PickleNode;
}

export type PickleWatch = (opcode: string, machine: PickleMachine) => void;

/** How many opcodes run between two looks at the signal. */
const SIGNAL_INTERVAL = 65_536;

/**
 * Reads one pickle from a source, in memory bounded by its length.
 * Reads no further than its STOP needs, in windows; bytes values are left where they are.
 * @throws AppError `corrupt`, `unsupported` or `limit` with the offset at fault.
 */
export async function readPickle(
  input: ByteSource | Uint8Array,
  options: PickleOptions = {},
): Promise<Pickle> {
  const reading = await scanPickle(input, options);
  if (reading.fault) throw reading.fault;
  return reading as Pickle;
}

/** As `readPickle`, but what was found before a fault is kept: for showing imports of damaged pickles. */
export async function scanPickle(
  input: ByteSource | Uint8Array,
  options: PickleOptions = {},
): Promise<PickleReading> {
  const source = input instanceof Uint8Array ? memorySource(input, 'pickle') : input;
  const budget = allocationBudget(source.byteLength - (options.begin ?? 0));
  return scanWithin(source, options, { total: budget, left: budget });
}

async function scanWithin(
  source: ByteSource,
  options: PickleOptions,
  budget: MemoryBudget,
): Promise<PickleReading> {
  const begin = options.begin ?? 0;
  const stream = pickleStream(source, begin);
  const machine = pickleMachine(stream, budget);
  const insert = options.insertion && inserter(options.insertion, source, machine, options.signal);
  const opcodes = new Set<string>();
  let root: PickleNode | undefined;
  let fault: AppError | undefined;
  try {
    root = await run(machine, opcodes, insert, options);
  } catch (error) {
    if (!(error instanceof AppError) || error.code === 'cancelled' || error.code === 'io') throw error;
    fault = error.with({ file: source.name });
  }
  return {
    begin,
    end: stream.position,
    protocol: machine.protocol,
    imports: machine.imports,
    opcodes,
    root,
    ...(fault ? { fault } : {}),
  };
}

/** What looks behind each BUILD. */
function inserter(
  find: FindInsertion,
  source: ByteSource,
  machine: PickleMachine,
  signal: AbortSignal | undefined,
): () => Promise<void> {
  const { stream } = machine;
  return async () => {
    const object = asKind(machine.top(), 'call');
    if (!object) return;
    const readInner = async (begin: number): Promise<Pickle> => {
      // many small pickles in here cost as much as one large
      const inner = await scanWithin(source, { begin, ...(signal ? { signal } : {}) }, machine.budget);
      if (inner.fault) throw inner.fault;
      for (const imported of inner.imports) machine.imports.push(imported);
      return inner as Pickle;
    };
    const insertion = await find(object, {
      get position() {
        return stream.position;
      },
      take: async (count) => {
        await stream.fill(count);
        return stream.bytes(count);
      },
      readPickle: readInner,
    });
    if (!insertion) return;
    object.inserted = insertion.content;
    stream.skip(insertion.end - stream.position);
  };
}

async function run(
  machine: PickleMachine,
  opcodes: Set<string>,
  insert: (() => Promise<void>) | undefined,
  { signal, watch }: PickleOptions,
): Promise<PickleNode> {
  const { stream } = machine;
  const seen = new Uint8Array(256);
  for (let count = 0; count < PICKLE_OPCODES; count++) {
    if (count % SIGNAL_INTERVAL === 0) throwIfCancelled(signal);
    if (!stream.holds(FIXED_BYTES)) await stream.fill(FIXED_BYTES);
    machine.offset = stream.position;
    const code = stream.u8();
    const opcode = OPCODES.get(code);
    if (!opcode) {
      throw machine.fault(
        'this is no opcode of a pickle',
        'an opcode',
        `byte 0x${code.toString(16).padStart(2, '0')}`,
      );
    }
    if (seen[code] === 0) {
      seen[code] = 1;
      opcodes.add(opcode.name);
      machine.protocol = Math.max(machine.protocol, opcode.protocol);
    }
    if (code === STOP) {
      watch?.(opcode.name, machine);
      return machine.pop();
    }
    const pending = opcode.run(machine);
    if (pending) await pending;
    watch?.(opcode.name, machine);
    if (code === BUILD && insert) await insert();
  }
  throw new AppError('limit', 'the pickle has more opcodes than we read', {
    file: stream.file,
    offset: stream.position,
    expected: `at most ${PICKLE_OPCODES}`,
  });
}
