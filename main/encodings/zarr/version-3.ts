// zarr version 3: https://zarr-specs.readthedocs.io/en/latest/v3/core/v3.0.html, regular grids.
import { dtypeOfName } from '#main/encodings/ndarray/dtype-names.ts';
import { chunkFormOf } from '#main/encodings/zarr/codecs.ts';
import type { ArrayDescription, ElementType, KeyForm } from '#main/encodings/zarr/description.ts';
import { encodeFill } from '#main/encodings/zarr/fill-value.ts';
import {
  dimensionsIn,
  exactInteger,
  field,
  isObject,
  metadataOf,
  parseObject,
} from '#main/encodings/zarr/json.ts';
import { codecOf } from '#main/encodings/zarr/codec.ts';
import { orUnread } from '#main/encodings/zarr/unread-chunks.ts';
import { AppError } from '#shared/errors.ts';

/** Raw bits, whose number the name tells. */
const RAW = /^r(\d{1,6})$/;

/** @param bytes of a `zarr.json`. @returns undefined for a group's. @throws AppError `corrupt`, `unsupported`. */
export function parseVersion3(bytes: Uint8Array, key: string): ArrayDescription | undefined {
  const json = parseObject(bytes, 'the description of the array', key);
  const fault = (what: string): AppError =>
    new AppError('corrupt', `the description of the array has no ${what}`, { file: key });
  if (field(json, 'node_type') === 'group') return undefined;
  if (field(json, 'zarr_format') !== 3) throw fault('zarr_format of 3');
  const shape = dimensionsIn(field(json, 'shape'));
  if (!shape) throw fault('shape');
  const grid = codecOf(field(json, 'chunk_grid'));
  if (grid?.name !== 'regular') throw unsupported('chunk grid', grid?.name, key);
  const chunkShape = dimensionsIn(field(grid.configuration, 'chunk_shape'));
  if (chunkShape?.length !== shape.length) throw fault('chunk_shape that goes with its shape');
  const element = elementType(field(json, 'data_type'), key);
  let isBigEndian = false;
  const chunks = orUnread(() => {
    const codecs = chunkFormOf(field(json, 'codecs'), chunkShape, element.itemBytes, key);
    isBigEndian = codecs.isBigEndian;
    return codecs.form;
  });
  const dtype: ElementType = { ...element, byteOrder: isBigEndian ? 'big' : 'little' };
  const fill = encodeFill(field(json, 'fill_value'), exactInteger(bytes, 'fill_value'), dtype);
  const attributes = field(json, 'attributes');
  return {
    shape,
    chunkShape,
    dtype,
    fill: typeof fill === 'string' ? undefined : fill,
    isFillKnown: fill !== 'unknown',
    keys: keyForm(field(json, 'chunk_key_encoding'), key),
    chunks,
    attributes: isObject(attributes)
      ? Object.entries(attributes).map(([name, value]) => [name, metadataOf(value)])
      : [],
  };
}

function elementType(type: unknown, key: string): Omit<ElementType, 'byteOrder'> {
  const { name = 'nothing', configuration = {} } = codecOf(type) ?? {};
  const named = dtypeOfName(name);
  if (named) return named;
  const bits = Number(RAW.exec(name)?.[1]);
  if (bits > 0 && bits % 8 === 0) return { dtype: `v${bits / 8}`, itemBytes: bits / 8 };
  const time = /^numpy\.(datetime64|timedelta64)$/.exec(name)?.[1];
  if (time) {
    const unit = field(configuration, 'unit');
    const scale = field(configuration, 'scale_factor') ?? 1;
    const isUnit = typeof unit === 'string' && /^[A-Za-zμ]{1,8}$/.test(unit) && typeof scale === 'number';
    if (isUnit)
      return {
        dtype: unit === 'generic' ? time : `${time}[${scale === 1 ? '' : scale}${unit}]`,
        itemBytes: 8,
      };
  }
  throw unsupported('data type', name, key);
}

function keyForm(encoding: unknown, key: string): KeyForm {
  const { name = 'default', configuration = {} } = codecOf(encoding) ?? {};
  const separator = field(configuration, 'separator') ?? (name === 'v2' ? '.' : '/');
  const isKnown = (name === 'default' || name === 'v2') && (separator === '.' || separator === '/');
  if (!isKnown) throw unsupported('chunk key encoding', name, key);
  return { prefix: name === 'default' ? 'c' : '', separator };
}

function unsupported(what: string, name: string | undefined, key: string): AppError {
  return new AppError(
    'unsupported',
    `zarr arrays with the ${what} ${(name ?? 'without a name').slice(0, 80)} are not read`,
    { file: key },
  );
}
