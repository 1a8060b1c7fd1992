/** Draws a heat map with its axes onto a canvas. */
import type { ScaleRange } from '#renderer/charts/colour-scale.ts';
import { hatch, type HatchKind } from '#renderer/charts/hatch.ts';
import { heatPixels, type Cell } from '#renderer/charts/heat-paint.ts';
import type { ThemeColours } from '#renderer/ui/theme.ts';
import type { HeatMap } from '#shared/commands/tensor.ts';

export interface HeatLayout {
  /** Where the first cell begins, and how large a cell is, in CSS pixels. */
  readonly left: number;
  readonly top: number;
  readonly cellWidth: number;
  readonly cellHeight: number;
}

export interface HeatScene {
  readonly map: HeatMap;
  readonly range: ScaleRange;
  readonly layout: HeatLayout;
  readonly size: { readonly width: number; readonly height: number };
  readonly colours: ThemeColours;
  readonly titles: readonly [rows: string, columns: string];
  readonly marked: Cell | undefined;
}

const LEFT = 48;
const TOP = 36;
/** A matrix of a few cells need not fill the screen. */
const LARGEST_CELL = 56;
const FONT_SIZE = 11;
/** Pixels below which a hatch is not seen for what it is. */
const SMALL_CELL = 8;
const MOST_RINGS = 32;

/** The cells stretch to the space there is, each way on its own. */
export function layoutOf(map: HeatMap, width: number, height: number): HeatLayout {
  const room = (space: number, cells: number) =>
    Math.min(LARGEST_CELL, Math.max(0, space) / Math.max(1, cells));
  return {
    left: LEFT,
    top: TOP,
    cellWidth: room(width - LEFT - 4, map.columns),
    cellHeight: room(height - TOP - 4, map.rows),
  };
}

/** Paints all of it; the canvas gets the size of the scene at the screen's own resolution. */
export function drawHeatMap(canvas: HTMLCanvasElement, scene: HeatScene): void {
  const { map, size, layout, colours } = scene;
  const ratio = window.devicePixelRatio || 1;
  canvas.width = Math.round(size.width * ratio);
  canvas.height = Math.round(size.height * ratio);
  canvas.style.width = `${size.width}px`;
  canvas.style.height = `${size.height}px`;
  const context = canvas.getContext('2d');
  if (!context || map.rows === 0 || map.columns === 0) return;
  context.scale(ratio, ratio);
  context.imageSmoothingEnabled = false;
  const width = layout.cellWidth * map.columns;
  const height = layout.cellHeight * map.rows;
  const pixels = heatPixels(map, scene.range, colours.isDark);
  const place = (image: HTMLCanvasElement) =>
    context.drawImage(image, layout.left, layout.top, width, height);
  place(imageOf(pixels.colours, map));
  const ratioed = { ratio, width, height };
  if (pixels.nan) place(hatched(pixels.nan, map, 'nan', colours, ratioed));
  if (pixels.infinite) place(hatched(pixels.infinite, map, 'infinite', colours, ratioed));
  drawRings(context, scene);
  drawAxes(context, scene, width, height);
  if (scene.marked) drawMark(context, scene.marked, layout, colours);
}

function imageOf(pixels: Uint32Array, { rows, columns }: HeatMap): HTMLCanvasElement {
  const image = document.createElement('canvas');
  image.width = columns;
  image.height = rows;
  const bytes = new Uint8ClampedArray(pixels.buffer as ArrayBuffer, pixels.byteOffset, pixels.byteLength);
  image.getContext('2d')?.putImageData(new ImageData(bytes, columns, rows), 0, 0);
  return image;
}

/** The masked cells at full size, filled with a hatch whose lines do not grow with the cells. */
function hatched(
  mask: Uint32Array,
  map: HeatMap,
  kind: HatchKind,
  colours: ThemeColours,
  { ratio, width, height }: { ratio: number; width: number; height: number },
): HTMLCanvasElement {
  const layer = document.createElement('canvas');
  layer.width = Math.max(1, Math.round(width * ratio));
  layer.height = Math.max(1, Math.round(height * ratio));
  const context = layer.getContext('2d');
  if (!context) return layer;
  context.imageSmoothingEnabled = false;
  context.drawImage(imageOf(mask, map), 0, 0, layer.width, layer.height);
  context.globalCompositeOperation = 'source-in';
  const line = kind === 'nan' ? colours.faint : colours.bad;
  context.fillStyle = hatch(context, kind, line, colours.sunken);
  context.fillRect(0, 0, layer.width, layer.height);
  return layer;
}

/** A few marked cells too small to be noticed among thousands get a ring each. */
function drawRings(context: CanvasRenderingContext2D, { map, layout, colours }: HeatScene): void {
  if (Math.min(layout.cellWidth, layout.cellHeight) >= SMALL_CELL) return;
  const marked: number[] = [];
  map.flags.forEach((flags, cell) => flags !== 0 && marked.push(cell));
  if (marked.length > MOST_RINGS) return;
  for (const cell of marked) {
    const x = layout.left + ((cell % map.columns) + 0.5) * layout.cellWidth;
    const y = layout.top + (Math.floor(cell / map.columns) + 0.5) * layout.cellHeight;
    for (const [width, colour] of [
      [4, colours.surface],
      [2, colours.bad],
    ] as const) {
      context.lineWidth = width;
      context.strokeStyle = colour;
      context.beginPath();
      context.ellipse(
        x,
        y,
        Math.max(7, layout.cellWidth / 2 + 3),
        Math.max(7, layout.cellHeight / 2 + 3),
        0,
        0,
        7,
      );
      context.stroke();
    }
  }
}

function drawAxes(context: CanvasRenderingContext2D, scene: HeatScene, width: number, height: number): void {
  const { map, layout, colours, titles } = scene;
  context.font = `${FONT_SIZE}px ${getComputedStyle(document.body).fontFamily}`;
  context.fillStyle = colours.muted;
  context.strokeStyle = colours.lineStrong;
  context.lineWidth = 1;
  context.strokeRect(layout.left - 0.5, layout.top - 0.5, width + 1, height + 1);
  context.textBaseline = 'alphabetic';
  context.textAlign = 'left';
  context.fillText(`${titles[1]} →`, layout.left, 11);
  context.textAlign = 'center';
  for (const index of ticksFor(map.sliceColumns, width, 44)) {
    const x = layout.left + ((index + 0.5) / map.sliceColumns) * width;
    context.fillText(String(index), x, layout.top - 9);
    context.fillRect(Math.round(x), layout.top - 5, 1, 4);
  }
  context.textAlign = 'right';
  context.textBaseline = 'middle';
  for (const index of ticksFor(map.sliceRows, height, 22)) {
    const y = layout.top + ((index + 0.5) / map.sliceRows) * height;
    context.fillText(String(index), layout.left - 8, y);
    context.fillRect(layout.left - 5, Math.round(y), 4, 1);
  }
  if (!titles[0]) return;
  context.save();
  context.translate(7, layout.top);
  context.rotate(-Math.PI / 2);
  context.fillText(`← ${titles[0]}`, 0, 0);
  context.restore();
}

/** Indices at round steps, at least `room` pixels apart. */
export function ticksFor(count: number, space: number, room: number): number[] {
  const most = Math.max(1, Math.floor(space / room));
  let step = 1;
  for (let factor = 0; Math.ceil(count / step) > most; factor++) {
    step = [1, 2, 5][factor % 3]! * 10 ** Math.floor(factor / 3);
  }
  return Array.from({ length: Math.ceil(count / step) }, (_, tick) => tick * step);
}

function drawMark(
  context: CanvasRenderingContext2D,
  cell: Cell,
  { left, top, cellWidth, cellHeight }: HeatLayout,
  colours: ThemeColours,
): void {
  const x = left + cell.column * cellWidth;
  const y = top + cell.row * cellHeight;
  context.lineWidth = 3;
  context.strokeStyle = colours.surface;
  context.strokeRect(x - 1, y - 1, cellWidth + 2, cellHeight + 2);
  context.lineWidth = 1.5;
  context.strokeStyle = colours.text;
  context.strokeRect(x - 1, y - 1, cellWidth + 2, cellHeight + 2);
}
