import { readPickle } from '#main/encodings/pickle/pickle.ts';
import { refusalOf } from '#test/kit/told-of.ts';
import { latin1, whenOpened, type LimitCase, type LimitName } from '#test/main/bytes/limits/limit-case.ts';

/** A limit that the machine itself meets. */
function whenRun(limit: LimitName, lowered: number, pickle: string, message: string): LimitCase {
  return { limit, lowered, told: () => refusalOf(() => readPickle(latin1(pickle))), message };
}

const memo = [0, 1, 2, 3, 4, 5].map((index) => `q${String.fromCharCode(index)}`).join('');

/** An array of 75 floats that stand spelled out in the pickle, each byte as four characters. */
const SPELLED = `cnumpy.core.multiarray\n_reconstruct\n(tR(I1\n(I75\ntcnumpy\ndtype\n(S'f4'\ntRI00\nS'${'\\x00'.repeat(300)}'\ntb.`;

export const PICKLE_LIMITS: readonly LimitCase[] = [
  whenRun('PICKLE_OPCODES', 60, `\x80\x02${'N0'.repeat(40)}N.`, 'the pickle has more opcodes than we read'),
  whenRun('PICKLE_MEMO_ENTRIES', 5, `\x80\x02N${memo}.`, 'the pickle remembers more than we hold'),
  whenRun('PICKLE_STACK_ENTRIES', 8, `\x80\x02(${'N'.repeat(9)}t.`, 'the pickle piles up more than we hold'),
  whenRun(
    'PICKLE_INTEGER_BYTES',
    16,
    `\x80\x02\x8a\x11${'\x01'.repeat(17)}.`,
    'the pickle holds an integer longer than we read',
  ),
  {
    ...whenRun(
      'PICKLE_LINE_BYTES',
      64,
      `S'${'x'.repeat(1000)}'\n.`,
      'a line of the pickle is longer than we read',
    ),
    beside: { PICKLE_WINDOW_BYTES: 32 },
  },
  whenRun(
    'PICKLE_TEXT_BYTES',
    8,
    '\x80\x04\x8c\x09mathmath9\x8c\x03sin\x93.',
    'the pickle imports a name that is no text',
  ),
  whenOpened(
    'PICKLES_IN_A_FILE',
    1,
    'pickled/in-a-row.pkl',
    '185 bytes follow the pickle, and they are no other',
  ),
  whenOpened(
    'PICKLED_ARRAY_BYTES',
    299,
    { 'f.pkl': latin1(SPELLED) },
    'the pickle spells out more bytes than we unfold at once',
  ),
  whenOpened('TREE_DEPTH', 1, 'dcp/two-ranks/', 'objects nested deeper than 1 are not looked into'),
  whenOpened(
    'TREE_REPEATS',
    2,
    'mxnet/momentum.states',
    'the pickle shows the same objects over and over; not every place is looked at',
  ),
  whenOpened(
    'TREE_NAME_CHARACTERS',
    8,
    'dcp/two-ranks/',
    'the names in the pickle are longer than we keep; not every tensor is listed',
  ),
  whenOpened(
    'METADATA_VALUES',
    1,
    'dcp/two-ranks/',
    'only the first 1 values, nested up to 100 deep, are shown',
  ),
  whenOpened(
    'METADATA_DEPTH',
    0,
    'dcp/two-ranks/',
    'only the first 100000 values, nested up to 0 deep, are shown',
  ),
  whenOpened(
    'allocationBudget',
    2000,
    'dcp/two-ranks/',
    'the pickle would unfold to more memory than its length allows',
  ),
];
