/** How a tensor may be called in its part, from what the index calls it. The first way that leads to one is taken. */
const WAYS: readonly ((name: string) => string)[] = [
  (name) => name,
  // Flax states are maps in maps: `flax_shard_checkpoint` of Hugging Face transformers puts slashes between the keys
  (name) => name.replaceAll('/', '.'),
  // variables of TensorFlow: `TFPreTrainedModel.save_pretrained` leaves out the name of the model
  (name) => name.slice(name.indexOf('/') + 1),
];

/**
 * What the parts call a tensor of the index; its own name where no part has it.
 * @param found by the names that the parts have.
 */
export function nameInParts(name: string, found: ReadonlyMap<string, unknown>): string {
  return WAYS.map((way) => way(name)).find((called) => found.has(called)) ?? name;
}
