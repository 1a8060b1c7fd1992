/** The first byte that the module itself does not use; from here on its callers lay out their buffers. */
export function workspace(): usize {
  return (__heap_base + 63) & ~63;
}
