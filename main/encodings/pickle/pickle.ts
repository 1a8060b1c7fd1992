// Python pickles, protocols 0 to 5, read as data: Python's Lib/pickletools.py. Nothing in them is executed.
import { allocationBudget, PICKLE_OPCODES } from '#main/bytes/limits.ts';
import { memorySource } from '#main/bytes/memory-source.ts';
import type { ByteSource } from '#main/bytes/source.ts';
import { pickleMachine, type ImportedName, type PickleMachine } from '#main/encodings/pickle/machine.ts';
import type { PickleNode } from '#main/encodings/pickle/nodes.ts';
import { FIXED_BYTES, OPCODES, STOP } from '#main/encodings/pickle/opcodes.ts';
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
  const begin = options.begin ?? 0;
  const stream = pickleStream(source, begin);
  const machine = pickleMachine(stream, allocationBudget(source.byteLength - begin));
  const opcodes = new Set<string>();
  let root: PickleNode | undefined;
  let fault: AppError | undefined;
  try {
    root = await run(machine, opcodes, options);
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

async function run(
  machine: PickleMachine,
  opcodes: Set<string>,
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
  }
  throw new AppError('limit', 'the pickle has more opcodes than we read', {
    file: stream.file,
    offset: stream.position,
    expected: `at most ${PICKLE_OPCODES}`,
  });
}
