// TensorFlow object graph: tensorflow/core/protobuf/trackable_object_graph.proto.
import { fieldsOf, messageIn, textIn, type Message } from '#main/encodings/protobuf/protobuf.ts';

/** The key of the graph in an object-based checkpoint: bookkeeping, not a tensor of the model. */
export const OBJECT_GRAPH_KEY = '_CHECKPOINTABLE_OBJECT_GRAPH';

const NODES = 1;
const ATTRIBUTES = 2;
const FULL_NAME = 2;
const CHECKPOINT_KEY = 3;

/** Names that the program gave its variables, by checkpoint key. @throws AppError `corrupt`, `limit`. */
export function variableNames(graph: Message): ReadonlyMap<string, string> {
  const names = new Map<string, string>();
  for (const nodeField of fieldsOf(graph)) {
    if (nodeField.number !== NODES) continue;
    const node = messageIn(nodeField, graph);
    for (const attributeField of fieldsOf(node)) {
      if (attributeField.number !== ATTRIBUTES) continue;
      const attribute = messageIn(attributeField, node);
      let key = '';
      let fullName = '';
      for (const field of fieldsOf(attribute)) {
        if (field.number === CHECKPOINT_KEY) key = textIn(field, attribute);
        else if (field.number === FULL_NAME) fullName = textIn(field, attribute);
      }
      if (fullName !== '' && fullName !== key) names.set(key, fullName);
    }
  }
  return names;
}
