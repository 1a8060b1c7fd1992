/** Marks that are told apart without colour: NaN is hatched one way, infinities are crossed. */
export type HatchKind = 'nan' | 'infinite';

const TILE = 6;

/** A pattern to fill with, lines on a plain ground. */
export function hatch(
  context: CanvasRenderingContext2D,
  kind: HatchKind,
  line: string,
  ground: string,
): CanvasPattern | string {
  const tile = document.createElement('canvas');
  tile.width = TILE;
  tile.height = TILE;
  const pen = tile.getContext('2d');
  if (!pen) return line;
  pen.fillStyle = ground;
  pen.fillRect(0, 0, TILE, TILE);
  pen.strokeStyle = line;
  pen.lineWidth = 1.5;
  pen.beginPath();
  // drawn past the corners so that tiles join
  for (const shift of [-TILE, 0, TILE]) {
    pen.moveTo(shift - 1, TILE + 1);
    pen.lineTo(shift + TILE + 1, -1);
    if (kind !== 'infinite') continue;
    pen.moveTo(shift - 1, -1);
    pen.lineTo(shift + TILE + 1, TILE + 1);
  }
  pen.stroke();
  return context.createPattern(tile, 'repeat') ?? line;
}
