/** Normally distributed numbers from a counter: what `main/trainer/random.ts` gives one by one, all at once. */
import { normalQuantile } from './normal-quantile';
import { philox, word0, word1, word2, word3 } from './philox';

/**
 * The first `count` normal numbers of a stream, in f64. Each takes two words for 53 bits of probability, and goes on to
 * the next two where that is 0.
 * @param index low word of the stream's index. @param label purpose and upper bits, as `counterLabel` has them.
 */
export function normals(out: usize, count: u32, key0: u32, key1: u32, index: u32, label: u32): void {
  const end = out + ((<usize>count) << 3);
  for (let block: u32 = 0; out < end; block++) {
    philox(block, 0, index, label, key0, key1);
    const first = probabilityOf(word0, word1);
    const second = probabilityOf(word2, word3);
    if (first !== 0) {
      store<f64>(out, normalQuantile(first));
      out += 8;
    }
    if (second !== 0 && out < end) {
      store<f64>(out, normalQuantile(second));
      out += 8;
    }
  }
}

/** From 0 inclusive to 1 exclusive, all 53 bits. */
function probabilityOf(high: u32, low: u32): f64 {
  return (<f64>(high >> 5) * 67108864 + <f64>(low >> 6)) / 9007199254740992;
}
