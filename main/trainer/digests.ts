import { createHash } from 'node:crypto';

/** Chunks that follow each other and have one digest. */
export type Piece = readonly Uint8Array[];

/** Takes SHA-256 digests, beside other work where it can. */
export interface Digests {
  /** Begins with the pieces. @returns what waits for their digests, in order: lower-case hexadecimal. */
  begin(pieces: readonly Piece[]): () => readonly string[];
  /** Called once, when nothing is under way. */
  close(): void;
}

/** All of it in the thread that waits. */
export const OWN_DIGESTS: Digests = {
  begin: (pieces) => () => pieces.map((piece) => digestOf(piece).toString('hex')),
  close: () => {},
};

export function digestOf(piece: Piece): Buffer {
  const hash = createHash('sha256');
  for (const chunk of piece) hash.update(chunk);
  return hash.digest();
}
