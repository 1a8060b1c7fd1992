/** Milliseconds by a clock on which no disk is slow, however busy the machine: each look at it is a little later than the one before. */
export function steadyClock(): () => number {
  let looks = 0;
  return () => ++looks / 1000;
}
