/** Digests that a saver shares with a thread beside it: each takes the next piece that nobody has taken. */
import { Worker, type MessagePort } from 'node:worker_threads';

import { digestOf, OWN_DIGESTS, type Digests, type Piece } from '#main/trainer/digests.ts';
import { AppError } from '#shared/errors.ts';

/** What a thread that takes digests is started with. */
export interface DigestThreadData {
  readonly thread: 'digests';
}

/** Pieces, whose chunks lie in shared memory where they are long, and where their digests go. */
interface SharedWork {
  readonly pieces: readonly Piece[];
  /** The next piece to take, and how many are done. */
  readonly words: Int32Array;
  /** 32 bytes a piece. */
  readonly results: Uint8Array;
}

const NEXT = 0;
const DONE = 1;
const DIGEST_BYTES = 32;
/** A digest of less is taken sooner than another thread hears of it. */
const WORTHWHILE_BYTES = 1024 * 1024;
/** Milliseconds without a digest after which the other thread is taken for dead: a gibibyte takes some two thousand. */
const PATIENCE = 60_000;

/** @param file the bundle that calls `serveDigests` when it is started with `DigestThreadData`. */
export function sharedDigests(file: string): Digests {
  let worker: Worker | undefined;
  const helper = (): Worker => {
    if (worker) return worker;
    const data: DigestThreadData = { thread: 'digests' };
    worker = new Worker(file, { workerData: data });
    worker.unref();
    return worker;
  };
  return {
    begin: (pieces) => {
      if (lengthOf(pieces) < WORTHWHILE_BYTES) return OWN_DIGESTS.begin(pieces);
      const work: SharedWork = {
        pieces,
        words: new Int32Array(new SharedArrayBuffer(8)),
        results: new Uint8Array(new SharedArrayBuffer(DIGEST_BYTES * pieces.length)),
      };
      helper().postMessage(work);
      return () => {
        takePieces(work);
        return digestsOf(work);
      };
    },
    close: () => void worker?.terminate(),
  };
}

/** Helps whoever sends work. */
export function serveDigests(port: MessagePort): void {
  port.on('message', takePieces);
}

function takePieces({ pieces, words, results }: SharedWork): void {
  for (;;) {
    const index = Atomics.add(words, NEXT, 1);
    const piece = pieces[index];
    if (!piece) return;
    results.set(digestOf(piece), DIGEST_BYTES * index);
    Atomics.add(words, DONE, 1);
    Atomics.notify(words, DONE);
  }
}

function digestsOf({ pieces, words, results }: SharedWork): readonly string[] {
  for (let done = Atomics.load(words, DONE); done < pieces.length; done = Atomics.load(words, DONE)) {
    if (Atomics.wait(words, DONE, done, PATIENCE) !== 'timed-out') continue;
    throw new AppError('internal', 'the thread that takes digests does not answer');
  }
  const bytes = Buffer.from(results);
  return pieces.map((_, index) => bytes.toString('hex', DIGEST_BYTES * index, DIGEST_BYTES * (index + 1)));
}

function lengthOf(pieces: readonly Piece[]): number {
  return pieces.flat().reduce((sum, { byteLength }) => sum + byteLength, 0);
}
