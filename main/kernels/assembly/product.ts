/**
 * Matrix products: the left factor in panels of five rows, the right one in panels of two vectors' columns, so that
 * the ten accumulators of a tile stay in registers. A sum goes over the depth in order, one rounding a multiplication
 * and one an addition, whatever the blocks: every element has the bits of the plain loop.
 */

/** Rows of a left panel. Ten accumulators, two operands and the splat are as many registers as V8 has to give. */
const HEIGHT: usize = 5;
/** Bytes of a row of a right panel. */
const BREADTH: usize = 32;
/** Elements of the depth, and rows, that are gone through before the next: panels that fit the first and second cache. */
const DEPTH_BLOCK: usize = 400;
const ROW_BLOCK: usize = 260;

/** Room for one tile of this thread's; instances that share a memory have one each. */
let scratch: usize = 0;

/** @param at where this instance may put HEIGHT * BREADTH bytes. */
export function useScratch(at: usize): void {
  scratch = at;
}

/**
 * Panels of the left factor: for each, the depth's columns of HEIGHT elements, zeros below the last row.
 * The element (row, k) lies at `a + row * rowStep + k * depthStep`, steps in bytes.
 */
function packLeft<T>(
  a: usize,
  rowStep: usize,
  depthStep: usize,
  rows: usize,
  depth: usize,
  out: usize,
): void {
  const size = sizeof<T>();
  for (let row: usize = 0; row < rows; row += HEIGHT) {
    const from = a + row * rowStep;
    if (rows - row < HEIGHT) packEdge<T>(from, rowStep, depthStep, rows - row, depth, out, HEIGHT);
    else if (rowStep === size) packLeftCopied<T>(from, depthStep, depth, out);
    else if (sizeof<T>() === 4 && depthStep === size) packLeftTurned(from, rowStep, depth, out);
    else packEdge<T>(from, rowStep, depthStep, HEIGHT, depth, out, HEIGHT);
    out += HEIGHT * depth * size;
  }
}

/** Where the five elements lie side by side. */
function packLeftCopied<T>(from: usize, depthStep: usize, depth: usize, out: usize): void {
  for (let k: usize = 0; k < depth; k++) {
    v128.store(out, v128.load(from));
    if (sizeof<T>() === 8) v128.store(out, v128.load(from, 16), 16);
    store<T>(out, load<T>(from, (HEIGHT - 1) * sizeof<T>()), (HEIGHT - 1) * sizeof<T>());
    from += depthStep;
    out += HEIGHT * sizeof<T>();
  }
}

/** Where rows lie side by side in f32: four by four, turned in registers, and the fifth row. */
function packLeftTurned(from: usize, rowStep: usize, depth: usize, out: usize): void {
  const fifth = from + 4 * rowStep;
  let k: usize = 0;
  for (; k + 4 <= depth; k += 4) {
    const at = from + k * 4;
    const a = v128.load(at);
    const b = v128.load(at + rowStep);
    const c = v128.load(at + 2 * rowStep);
    const d = v128.load(at + 3 * rowStep);
    const e = v128.load(fifth + k * 4);
    const ab0 = v128.shuffle<f32>(a, b, 0, 4, 1, 5);
    const ab1 = v128.shuffle<f32>(a, b, 2, 6, 3, 7);
    const cd0 = v128.shuffle<f32>(c, d, 0, 4, 1, 5);
    const cd1 = v128.shuffle<f32>(c, d, 2, 6, 3, 7);
    v128.store(out, v128.shuffle<f32>(ab0, cd0, 0, 1, 4, 5));
    v128.store_lane<f32>(out, e, 0, 16);
    v128.store(out, v128.shuffle<f32>(ab0, cd0, 2, 3, 6, 7), 20);
    v128.store_lane<f32>(out, e, 1, 36);
    v128.store(out, v128.shuffle<f32>(ab1, cd1, 0, 1, 4, 5), 40);
    v128.store_lane<f32>(out, e, 2, 56);
    v128.store(out, v128.shuffle<f32>(ab1, cd1, 2, 3, 6, 7), 60);
    v128.store_lane<f32>(out, e, 3, 76);
    out += 80;
  }
  packEdge<f32>(from + k * 4, rowStep, 4, HEIGHT, depth - k, out, HEIGHT);
}

/** Panels of the right factor: for each, the depth's rows of BREADTH bytes, zeros beyond the last column. */
function packRight<T>(
  b: usize,
  columnStep: usize,
  depthStep: usize,
  columns: usize,
  depth: usize,
  out: usize,
): void {
  const size = sizeof<T>();
  const width = BREADTH / size;
  for (let column: usize = 0; column < columns; column += width) {
    const from = b + column * columnStep;
    if (columns - column < width)
      packEdge<T>(from, columnStep, depthStep, columns - column, depth, out, width);
    else if (columnStep === size) packRightCopied(from, depthStep, depth, out);
    else if (sizeof<T>() === 4 && depthStep === size) packRightTurned(from, columnStep, depth, out);
    else packEdge<T>(from, columnStep, depthStep, width, depth, out, width);
    out += BREADTH * depth;
  }
}

function packRightCopied(from: usize, depthStep: usize, depth: usize, out: usize): void {
  for (let k: usize = 0; k < depth; k++) {
    v128.store(out, v128.load(from));
    v128.store(out, v128.load(from, 16), 16);
    from += depthStep;
    out += BREADTH;
  }
}

function packRightTurned(from: usize, columnStep: usize, depth: usize, out: usize): void {
  let k: usize = 0;
  for (; k + 4 <= depth; k += 4) {
    const at = from + k * 4;
    turnFour(at, columnStep, out);
    turnFour(at + 4 * columnStep, columnStep, out + 16);
    out += 4 * BREADTH;
  }
  packEdge<f32>(from + k * 4, columnStep, 4, 8, depth - k, out, 8);
}

/** Four rows of four f32 to four columns, BREADTH bytes apart. */
function turnFour(at: usize, step: usize, out: usize): void {
  const a = v128.load(at);
  const b = v128.load(at + step);
  const c = v128.load(at + 2 * step);
  const d = v128.load(at + 3 * step);
  const ab0 = v128.shuffle<f32>(a, b, 0, 4, 1, 5);
  const ab1 = v128.shuffle<f32>(a, b, 2, 6, 3, 7);
  const cd0 = v128.shuffle<f32>(c, d, 0, 4, 1, 5);
  const cd1 = v128.shuffle<f32>(c, d, 2, 6, 3, 7);
  v128.store(out, v128.shuffle<f32>(ab0, cd0, 0, 1, 4, 5));
  v128.store(out, v128.shuffle<f32>(ab0, cd0, 2, 3, 6, 7), 32);
  v128.store(out, v128.shuffle<f32>(ab1, cd1, 0, 1, 4, 5), 64);
  v128.store(out, v128.shuffle<f32>(ab1, cd1, 2, 3, 6, 7), 96);
}

/** A panel of any strides, `lines` of its `width` there, the rest zeros. */
function packEdge<T>(
  from: usize,
  lineStep: usize,
  depthStep: usize,
  lines: usize,
  depth: usize,
  out: usize,
  width: usize,
): void {
  for (let k: usize = 0; k < depth; k++) {
    let at = from + k * depthStep;
    for (let line: usize = 0; line < width; line++) {
      store<T>(out, line < lines ? load<T>(at) : <T>0);
      at += lineStep;
      out += sizeof<T>();
    }
  }
}

/**
 * C = left x right, or C + left x right where it `continues`. C's element (row, column) lies at
 * `c + row * rowStep + column * columnStep`, steps in bytes.
 */
function multiply<T>(
  left: usize,
  right: usize,
  c: usize,
  rowStep: usize,
  columnStep: usize,
  rows: usize,
  columns: usize,
  depth: usize,
  continues: bool,
): void {
  const size = sizeof<T>();
  const width = BREADTH / size;
  for (let k: usize = 0; k < depth; k += DEPTH_BLOCK) {
    const deep = min(DEPTH_BLOCK, depth - k);
    const adds = continues || k > 0;
    for (let block: usize = 0; block < rows; block += ROW_BLOCK) {
      const end = min(rows, block + ROW_BLOCK);
      for (let column: usize = 0; column < columns; column += width) {
        const b = right + column * depth * size + k * BREADTH;
        const wide = min(width, columns - column);
        for (let row = block; row < end; row += HEIGHT) {
          const a = left + row * depth * size + k * HEIGHT * size;
          const at = c + row * rowStep + column * columnStep;
          const high = min(HEIGHT, end - row);
          if (high === HEIGHT && wide === width && columnStep === size) {
            multiplyTile<T>(a, b, deep, at, rowStep, adds);
          } else {
            if (adds) gather<T>(at, rowStep, columnStep, high, wide);
            multiplyTile<T>(a, b, deep, scratch, BREADTH, adds);
            scatter<T>(at, rowStep, columnStep, high, wide);
          }
        }
      }
    }
  }
}

/** Five rows of two vectors. */
function multiplyTile<T>(a: usize, b: usize, depth: usize, c: usize, rowStep: usize, adds: bool): void {
  const row1 = c + rowStep;
  const row2 = row1 + rowStep;
  const row3 = row2 + rowStep;
  const row4 = row3 + rowStep;
  let c00 = v128.splat<T>(<T>0);
  let c01 = c00;
  let c10 = c00;
  let c11 = c00;
  let c20 = c00;
  let c21 = c00;
  let c30 = c00;
  let c31 = c00;
  let c40 = c00;
  let c41 = c00;
  if (adds) {
    c00 = v128.load(c);
    c01 = v128.load(c, 16);
    c10 = v128.load(row1);
    c11 = v128.load(row1, 16);
    c20 = v128.load(row2);
    c21 = v128.load(row2, 16);
    c30 = v128.load(row3);
    c31 = v128.load(row3, 16);
    c40 = v128.load(row4);
    c41 = v128.load(row4, 16);
  }
  for (const end = b + depth * BREADTH; b < end; b += BREADTH) {
    const y0 = v128.load(b);
    const y1 = v128.load(b, 16);
    let x = v128.load_splat<T>(a);
    c00 = v128.add<T>(c00, v128.mul<T>(x, y0));
    c01 = v128.add<T>(c01, v128.mul<T>(x, y1));
    x = v128.load_splat<T>(a, sizeof<T>());
    c10 = v128.add<T>(c10, v128.mul<T>(x, y0));
    c11 = v128.add<T>(c11, v128.mul<T>(x, y1));
    x = v128.load_splat<T>(a, 2 * sizeof<T>());
    c20 = v128.add<T>(c20, v128.mul<T>(x, y0));
    c21 = v128.add<T>(c21, v128.mul<T>(x, y1));
    x = v128.load_splat<T>(a, 3 * sizeof<T>());
    c30 = v128.add<T>(c30, v128.mul<T>(x, y0));
    c31 = v128.add<T>(c31, v128.mul<T>(x, y1));
    x = v128.load_splat<T>(a, 4 * sizeof<T>());
    c40 = v128.add<T>(c40, v128.mul<T>(x, y0));
    c41 = v128.add<T>(c41, v128.mul<T>(x, y1));
    a += HEIGHT * sizeof<T>();
  }
  v128.store(c, c00);
  v128.store(c, c01, 16);
  v128.store(row1, c10);
  v128.store(row1, c11, 16);
  v128.store(row2, c20);
  v128.store(row2, c21, 16);
  v128.store(row3, c30);
  v128.store(row3, c31, 16);
  v128.store(row4, c40);
  v128.store(row4, c41, 16);
}

/** Brings a tile that is no whole one, or lies across, into the scratch. */
function gather<T>(at: usize, rowStep: usize, columnStep: usize, high: usize, wide: usize): void {
  for (let row: usize = 0; row < high; row++) {
    for (let column: usize = 0; column < wide; column++) {
      store<T>(
        scratch + row * BREADTH + column * sizeof<T>(),
        load<T>(at + row * rowStep + column * columnStep),
      );
    }
  }
}

function scatter<T>(at: usize, rowStep: usize, columnStep: usize, high: usize, wide: usize): void {
  for (let row: usize = 0; row < high; row++) {
    for (let column: usize = 0; column < wide; column++) {
      store<T>(
        at + row * rowStep + column * columnStep,
        load<T>(scratch + row * BREADTH + column * sizeof<T>()),
      );
    }
  }
}

export function packLeft32(
  a: usize,
  rowStep: usize,
  depthStep: usize,
  rows: usize,
  depth: usize,
  out: usize,
): void {
  packLeft<f32>(a, rowStep, depthStep, rows, depth, out);
}

export function packLeft64(
  a: usize,
  rowStep: usize,
  depthStep: usize,
  rows: usize,
  depth: usize,
  out: usize,
): void {
  packLeft<f64>(a, rowStep, depthStep, rows, depth, out);
}

export function packRight32(
  b: usize,
  columnStep: usize,
  depthStep: usize,
  columns: usize,
  depth: usize,
  out: usize,
): void {
  packRight<f32>(b, columnStep, depthStep, columns, depth, out);
}

export function packRight64(
  b: usize,
  columnStep: usize,
  depthStep: usize,
  columns: usize,
  depth: usize,
  out: usize,
): void {
  packRight<f64>(b, columnStep, depthStep, columns, depth, out);
}

export function multiply32(
  left: usize,
  right: usize,
  c: usize,
  rowStep: usize,
  columnStep: usize,
  rows: usize,
  columns: usize,
  depth: usize,
  continues: bool,
): void {
  multiply<f32>(left, right, c, rowStep, columnStep, rows, columns, depth, continues);
}

export function multiply64(
  left: usize,
  right: usize,
  c: usize,
  rowStep: usize,
  columnStep: usize,
  rows: usize,
  columns: usize,
  depth: usize,
  continues: bool,
): void {
  multiply<f64>(left, right, c, rowStep, columnStep, rows, columns, depth, continues);
}
