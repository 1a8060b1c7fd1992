import { CLASS_NAME_CHARACTERS, CLASS_NAMES, DISTINCT_LABELS } from '#main/bytes/limits.ts';
import { isNumber } from '#main/services/runs/data/number-cell.ts';
import { AppError } from '#shared/errors.ts';

/** The column that tells the class of each row: by number, or by name as soon as one of them is no number. */
export interface LabelColumn {
  /** @returns what stands for the label until all are known. @throws AppError `corrupt` where it is empty, `limit`. */
  add(label: string, line: number): number;
  /** Whether a label that is no number stands in the first row alone: then that row is a heading. */
  isHeadingFirst(): boolean;
  end(): Labels;
}

export interface Labels {
  /** The names in order of their classes; absent where labels are numbers. */
  readonly classes?: readonly string[];
  /** The class of what stood for a label. */
  readonly classOf: (added: number) => number;
}

/** @param file base name, for messages. */
export function labelColumn(file: string): LabelColumn {
  const placeOf = new Map<string, number>();
  let rows = 0;
  let named = 0;
  let isFirstNamed = false;
  const isHeadingFirst = () => isFirstNamed && named === 1;
  return {
    add: (label, line) => {
      requireLabel(label, line, file);
      const isName = !isNumber(label);
      if (isName) named++;
      if (rows++ === 0) isFirstNamed = isName;
      let place = placeOf.get(label);
      if (place === undefined) {
        place = placeOf.size;
        if (place >= DISTINCT_LABELS) throw tooMany(file, DISTINCT_LABELS);
        placeOf.set(label, place);
      }
      return place;
    },
    isHeadingFirst,
    end: () => {
      const labels = [...placeOf.keys()];
      if (named === 0 || isHeadingFirst()) return { classOf: (place) => Number(labels[place]) };
      if (labels.length > CLASS_NAMES) throw tooMany(file, CLASS_NAMES);
      const classes = [...labels].sort(byCodePoints);
      const numbers = new Map(classes.map((name, number) => [name, number]));
      return { classes, classOf: (place) => numbers.get(labels[place]!)! };
    },
  };
}

/** As Python and NumPy sort texts: the order of UTF-8. JavaScript's own is that of UTF-16. */
function byCodePoints(a: string, b: string): number {
  return Buffer.compare(Buffer.from(a), Buffer.from(b));
}

function requireLabel(label: string, line: number, file: string): void {
  if (label === '') {
    throw new AppError('corrupt', `a label is missing: line ${line}`, {
      file,
      expected: 'the number or the name of a class in the last column',
      found: 'nothing',
    });
  }
  if (label.length <= CLASS_NAME_CHARACTERS) return;
  throw new AppError('limit', `the name of a class is too long: line ${line}`, {
    file,
    expected: `at most ${CLASS_NAME_CHARACTERS} characters`,
    found: `${label.length}`,
  });
}

function tooMany(file: string, most: number): AppError {
  return new AppError('limit', 'there are too many different labels', {
    file,
    expected: `at most ${most} classes in the last column`,
    found: 'more',
    hint: 'values to come near to are for the loss mse',
  });
}
