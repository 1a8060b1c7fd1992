/**
 * Messages as bytes, for carriers that do not clone: what `postMessage` would keep comes out as it went in
 * (numbers with NaN, infinities and −0, bigints, undefined, typed arrays bit for bit, any key).
 *
 * Layout, little-endian: u32 byte length of the JSON; the JSON in UTF-8; zeros up to a multiple of 8;
 * then the bytes of each typed array, each padded with zeros to a multiple of 8.
 * In the JSON an object whose only key is `$` stands for what JSON lacks; an object of the sender's own
 * that has the key `$` is written as a list of entries.
 */

const ARRAYS = {
  Int8Array,
  Uint8Array,
  Uint8ClampedArray,
  Int16Array,
  Uint16Array,
  Int32Array,
  Uint32Array,
  Float32Array,
  Float64Array,
  BigInt64Array,
  BigUint64Array,
} as const;

type TypedArray = InstanceType<(typeof ARRAYS)[keyof typeof ARRAYS]>;

type Special =
  | readonly ['undefined']
  | readonly ['number', string]
  | readonly ['bigint', string]
  /** Constructor, byte offset in the attachments, elements. */
  | readonly ['array', keyof typeof ARRAYS, number, number]
  | readonly ['entries', readonly (readonly [string, unknown])[]];

const ALIGNMENT = 8;
const LENGTH_BYTES = 4;

const padded = (byteLength: number) => Math.ceil(byteLength / ALIGNMENT) * ALIGNMENT;

/** @throws TypeError for what has no place in a message: functions, symbols. */
export function encodeWire(message: unknown): Uint8Array {
  const attachments: TypedArray[] = [];
  let attachedBytes = 0;
  const attach = (array: TypedArray): Special => {
    const offset = attachedBytes;
    attachments.push(array);
    attachedBytes += padded(array.byteLength);
    return ['array', nameOf(array), offset, array.length];
  };
  const json = new TextEncoder().encode(JSON.stringify(replace(message, attach)));
  const head = padded(LENGTH_BYTES + json.byteLength);
  const bytes = new Uint8Array(head + attachedBytes);
  new DataView(bytes.buffer).setUint32(0, json.byteLength, true);
  bytes.set(json, LENGTH_BYTES);
  let offset = head;
  for (const array of attachments) {
    bytes.set(new Uint8Array(array.buffer, array.byteOffset, array.byteLength), offset);
    offset += padded(array.byteLength);
  }
  return bytes;
}

/**
 * @param bytes one whole message; typed arrays in the result are copies.
 * @throws Error where the bytes are no message.
 */
export function decodeWire(bytes: Uint8Array): unknown {
  if (bytes.byteLength < LENGTH_BYTES) throw new RangeError('a message has at least its length');
  const jsonBytes = new DataView(bytes.buffer, bytes.byteOffset).getUint32(0, true);
  if (jsonBytes > bytes.byteLength - LENGTH_BYTES) throw new RangeError('a message is longer than its bytes');
  const text = new TextDecoder('utf-8', { fatal: true }).decode(
    bytes.subarray(LENGTH_BYTES, LENGTH_BYTES + jsonBytes),
  );
  return restore(JSON.parse(text), bytes.subarray(padded(LENGTH_BYTES + jsonBytes)));
}

function nameOf(array: TypedArray): keyof typeof ARRAYS {
  for (const [name, constructor] of Object.entries(ARRAYS)) {
    if (array instanceof constructor) return name as keyof typeof ARRAYS;
  }
  throw new TypeError('no such typed array');
}

const special = (value: Special) => ({ $: value });

/** A copy that JSON can write. */
function replace(value: unknown, attach: (array: TypedArray) => Special): unknown {
  switch (typeof value) {
    case 'number':
      return Number.isFinite(value) && !Object.is(value, -0)
        ? value
        : special(['number', Object.is(value, -0) ? '-0' : String(value)]);
    case 'bigint':
      return special(['bigint', String(value)]);
    case 'undefined':
      return special(['undefined']);
    case 'function':
    case 'symbol':
      throw new TypeError(`a ${typeof value} cannot be sent`);
    case 'object':
      break;
    default:
      return value;
  }
  if (value === null) return null;
  if (Array.isArray(value)) return value.map((item) => replace(item, attach));
  if (ArrayBuffer.isView(value)) return special(attach(value as TypedArray));
  const entries = Object.entries(value).map(([key, item]) => [key, replace(item, attach)] as const);
  // JSON.stringify would drop `__proto__` only if it were no own key: fromEntries defines, it does not assign
  return Object.hasOwn(value, '$') ? special(['entries', entries]) : Object.fromEntries(entries);
}

function restore(value: unknown, attachments: Uint8Array): unknown {
  if (typeof value !== 'object' || value === null) return value;
  if (Array.isArray(value)) return value.map((item) => restore(item, attachments));
  const entries = Object.entries(value);
  const first = entries[0];
  if (entries.length === 1 && first?.[0] === '$') return restoreSpecial(first[1] as Special, attachments);
  return Object.fromEntries(entries.map(([key, item]) => [key, restore(item, attachments)]));
}

function restoreSpecial(value: Special, attachments: Uint8Array): unknown {
  switch (value[0]) {
    case 'undefined':
      return undefined;
    case 'number':
      return Number(value[1]);
    case 'bigint':
      return BigInt(value[1]);
    case 'entries':
      return Object.fromEntries(value[1].map(([key, item]) => [key, restore(item, attachments)]));
    case 'array':
      return restoreArray(value[1], value[2], value[3], attachments);
    default:
      throw new TypeError('a message holds something unknown');
  }
}

function restoreArray(name: string, offset: number, length: number, attachments: Uint8Array): TypedArray {
  if (!Object.hasOwn(ARRAYS, name)) throw new TypeError('a message holds an unknown array');
  const constructor = ARRAYS[name as keyof typeof ARRAYS];
  const end = offset + length * constructor.BYTES_PER_ELEMENT;
  if (
    !Number.isSafeInteger(offset) ||
    !Number.isSafeInteger(length) ||
    offset < 0 ||
    length < 0 ||
    end > attachments.byteLength
  ) {
    throw new RangeError('an array of a message is outside it');
  }
  // bytes are copied as they are, so NaN payloads survive; not with slice, which in a Node Buffer copies nothing
  const copy = new Uint8Array(end - offset);
  copy.set(attachments.subarray(offset, end));
  return new constructor(copy.buffer);
}
