/** What a person types to find tensors: words of a name, a shape such as `256×20`, a dtype; all of them must fit. */
import { findDtype } from '#shared/dtype.ts';
import type { TensorInfo } from '#shared/tensor.ts';

export type TensorFilter = (tensor: TensorInfo) => boolean;

const SHAPE = /^(?:[[(]?(?:\d+|\*)(?:[x×,](?:\d+|\*))+,?[\])]?|[[(]\d+,?[\])])$/i;
const GLOB = /[*?]/;

/** @returns undefined for text that asks for nothing. */
export function tensorFilter(text: string): TensorFilter | undefined {
  const words = text.replace(/,\s+/g, ',').split(/\s+/).filter(Boolean);
  const tests = words.map(wordTest);
  if (tests.length === 0) return undefined;
  return (tensor) => tests.every((test) => test(tensor));
}

function wordTest(word: string): TensorFilter {
  if (SHAPE.test(word)) return shapeTest(word);
  const lower = word.toLowerCase();
  const hasName = nameTest(lower);
  // a dtype's name may also be part of a tensor's
  if (findDtype(lower)) return (tensor) => tensor.dtype === lower || hasName(tensor);
  if (/^\d+$/.test(word)) {
    const dimension = Number(word);
    return (tensor) => tensor.shape.includes(dimension) || hasName(tensor);
  }
  return hasName;
}

function nameTest(lower: string): TensorFilter {
  const matches = GLOB.test(lower) ? globTest(lower) : (name: string) => name.includes(lower);
  return ({ name, label }) =>
    matches(name.toLowerCase()) || (label !== undefined && matches(label.toLowerCase()));
}

/** `*` any run, `?` one character, anywhere in the name. Walks by hand: a pattern from the keyboard is no regular expression. */
function globTest(glob: string): (name: string) => boolean {
  const pattern = `*${glob}*`;
  return (name) => {
    let star = -1;
    let resume = 0;
    let at = 0;
    let position = 0;
    while (position < name.length) {
      if (pattern[at] === '*') {
        star = at++;
        resume = position;
      } else if (at < pattern.length && (pattern[at] === '?' || pattern[at] === name[position])) {
        at++;
        position++;
      } else {
        at = star + 1;
        position = ++resume;
      }
    }
    while (pattern[at] === '*') at++;
    return at === pattern.length;
  };
}

function shapeTest(word: string): TensorFilter {
  const wanted = word
    .replace(/[[\]()]/g, '')
    .replace(/,$/, '')
    .split(/[x×,]/i)
    .map((part) => (part === '*' ? undefined : Number(part)));
  return ({ shape }) =>
    shape.length === wanted.length &&
    wanted.every((dimension, axis) => dimension === undefined || dimension === shape[axis]);
}
