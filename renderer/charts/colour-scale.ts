/** Colours for values: 256-entry tables as ImageData wants them, perceptually even because they are mixed in OKLCH. */

export type ScaleKind = 'sequential' | 'diverging';

/** Lightness 0 to 1, chroma, hue in degrees. */
type Anchor = readonly [lightness: number, chroma: number, hue: number];

const SIZE = 256;

// lightness falls (or rises, on dark) in equal steps, so that the order of values is seen without any colour sense
const ANCHORS: Readonly<Record<ScaleKind, Readonly<Record<'light' | 'dark', readonly Anchor[]>>>> = {
  sequential: {
    light: [
      [0.97, 0.025, 120],
      [0.79, 0.09, 190],
      [0.6, 0.13, 240],
      [0.43, 0.16, 260],
      [0.26, 0.1, 270],
    ],
    dark: [
      [0.22, 0.03, 270],
      [0.4, 0.13, 264],
      [0.58, 0.14, 250],
      [0.77, 0.11, 220],
      [0.96, 0.05, 180],
    ],
  },
  diverging: {
    light: [
      [0.42, 0.12, 50],
      [0.7, 0.13, 58],
      [0.965, 0, 0],
      [0.7, 0.11, 248],
      [0.42, 0.15, 260],
    ],
    dark: [
      [0.84, 0.13, 66],
      [0.55, 0.12, 56],
      [0.25, 0, 0],
      [0.55, 0.13, 254],
      [0.84, 0.09, 240],
    ],
  },
};

const tables = new Map<string, Uint32Array>();

/** RGBA in memory order, one entry a step from the scale's low end to its high one. */
export function colourTable(kind: ScaleKind, isDark: boolean): Uint32Array {
  const key = `${kind} ${isDark}`;
  let table = tables.get(key);
  if (!table) {
    table = buildTable(ANCHORS[kind][isDark ? 'dark' : 'light']);
    tables.set(key, table);
  }
  return table;
}

/** The table's index for a value; ends are clamped. All values equal are the middle. */
export function colourIndex(value: number, low: number, high: number): number {
  if (!(high > low)) return SIZE >> 1;
  // halves keep high - low finite where it would overflow
  const share = (value / 2 - low / 2) / (high / 2 - low / 2);
  return Math.min(SIZE - 1, Math.max(0, Math.floor(share * SIZE)));
}

export interface ScaleRange {
  readonly kind: ScaleKind;
  readonly low: number;
  readonly high: number;
}

/** Values on both sides of 0 take the diverging scale, symmetric so that neutral is exactly 0; others the sequential one. */
export function rangeFor(min: number | undefined, max: number | undefined): ScaleRange {
  const low = min ?? 0;
  const high = max ?? 0;
  if (low < 0 && high > 0) {
    const bound = Math.max(-low, high);
    return { kind: 'diverging', low: -bound, high: bound };
  }
  return { kind: 'sequential', low, high };
}

function buildTable(anchors: readonly Anchor[]): Uint32Array {
  const table = new Uint32Array(SIZE);
  const bytes = new Uint8Array(table.buffer);
  for (let index = 0; index < SIZE; index++) {
    const position = (index / (SIZE - 1)) * (anchors.length - 1);
    const left = Math.min(anchors.length - 2, Math.floor(position));
    bytes.set(toRgb(mix(anchors[left]!, anchors[left + 1]!, position - left)), index * 4);
    bytes[index * 4 + 3] = 255;
  }
  return table;
}

/** Mixes as Cartesian OKLab, so that a colourless end has no say in the hue. */
function mix(from: Anchor, to: Anchor, share: number): readonly [number, number, number] {
  const [a, b] = [toLab(from), toLab(to)];
  return [0, 1, 2].map((part) => a[part]! + (b[part]! - a[part]!) * share) as [number, number, number];
}

function toLab([lightness, chroma, hue]: Anchor): readonly [number, number, number] {
  const angle = (hue * Math.PI) / 180;
  return [lightness, chroma * Math.cos(angle), chroma * Math.sin(angle)];
}

// OKLab to linear sRGB: Ottosson, "A perceptual color space for image processing", 2020
function toRgb([lightness, a, b]: readonly [number, number, number]): [number, number, number] {
  const long = (lightness + 0.3963377774 * a + 0.2158037573 * b) ** 3;
  const middle = (lightness - 0.1055613458 * a - 0.0638541728 * b) ** 3;
  const short = (lightness - 0.0894841775 * a - 1.291485548 * b) ** 3;
  return [
    toByte(4.0767416621 * long - 3.3077115913 * middle + 0.2309699292 * short),
    toByte(-1.2684380046 * long + 2.6097574011 * middle - 0.3413193965 * short),
    toByte(-0.0041960863 * long - 0.7034186147 * middle + 1.707614701 * short),
  ];
}

function toByte(linear: number): number {
  const bounded = Math.min(1, Math.max(0, linear));
  const encoded = bounded <= 0.0031308 ? 12.92 * bounded : 1.055 * bounded ** (1 / 2.4) - 0.055;
  return Math.round(encoded * 255);
}
