// Arrays in joblib's files: joblib/numpy_pickle.py, `NumpyArrayWrapper`, since version 0.10.
import { arrayByteLength } from '#main/encodings/ndarray/ndarray.ts';
import { hasObjects } from '#main/encodings/ndarray/array-dtype.ts';
import { pickledDtype, pickledShape, type PickledArray } from '#main/encodings/ndarray/pickled-array.ts';
import { textOf } from '#main/encodings/pickle/content.ts';
import {
  asKind,
  itemsOf,
  type PickleCall,
  type PickleGlobal,
  type PickleNode,
} from '#main/encodings/pickle/nodes.ts';
import { stateEntries } from '#main/encodings/pickle/object-parts.ts';
import type { FindInsertion, Insertion, InsertionPlace } from '#main/encodings/pickle/pickle.ts';
import { AppError } from '#shared/errors.ts';

/** joblib lives in scikit-learn, too: the end of the module's name is the same. */
export function isJoblibWrapper(module: string, name: string): boolean {
  return name === 'NumpyArrayWrapper' && /(^|\.)joblib\.numpy_pickle$/.test(module);
}

/** Of an array's own bytes or, where it holds objects, of the pickle that stands behind its wrapper. */
export const joblibInsertion: FindInsertion = async (object, place): Promise<Insertion | undefined> => {
  const state = wrapperState(object);
  if (!state) return undefined;
  const { layout, isAligned } = state;
  if (hasObjects(layout.dtype)) {
    const { root, end } = await place.readPickle(place.position);
    return { end, content: root };
  }
  const offset = isAligned ? await behindPadding(place) : place.position;
  const byteLength = arrayByteLength(layout);
  return {
    end: offset + byteLength,
    content: { kind: 'bytes', type: 'bytes', spelling: 'raw', offset, byteLength, content: undefined },
  };
};

/** One byte tells how many follow it before the array begins at a multiple of 16. */
async function behindPadding(place: InsertionPlace): Promise<number> {
  const [padding] = await place.take(1);
  return place.position + padding!;
}

/**
 * The array that a wrapper stands for: its layout and the bytes behind it, or the objects that a pickle there holds.
 * @returns undefined for anything else.
 */
export function joblibArray(node: PickleCall): PickledArray | { readonly objects: PickleNode } | undefined {
  if (node.inserted === undefined) return undefined;
  const state = wrapperState(node);
  if (!state) return undefined;
  return hasObjects(state.layout.dtype)
    ? { objects: node.inserted }
    : { ...state.layout, data: node.inserted };
}

interface WrapperState {
  readonly layout: Omit<PickledArray, 'data'>;
  readonly isAligned: boolean;
}

/** @throws AppError where a wrapper makes no sense. */
function wrapperState(object: PickleCall): WrapperState | undefined {
  const named = classOf(object);
  if (!named || !isJoblibWrapper(named.module, named.name)) return undefined;
  const state = new Map(stateEntries(object));
  if (!state.has('shape') || !state.has('dtype'))
    throw new AppError('corrupt', 'an array of joblib tells no shape or dtype', { offset: object.offset });
  const layout = {
    dtype: pickledDtype(state.get('dtype')),
    shape: pickledShape(state.get('shape')),
    isFortran: textOf(state.get('order')) === 'F',
  };
  return { layout, isAligned: typeof state.get('numpy_array_alignment_bytes') === 'number' };
}

/** Protocols 0 and 1 make objects by a helper that is given the class. */
function classOf({ callable, args }: PickleCall): PickleGlobal | undefined {
  const named = asKind(callable, 'global');
  return named?.name === '_reconstructor' ? asKind(itemsOf(args)?.[0], 'global') : named;
}
