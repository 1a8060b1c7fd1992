// Names of V1 checkpoints: tensorflow/python/training/saver.py, and `ShardedFilename` of core/kernels/save_restore_tensor.cc.
import { V1_PARTS } from '#main/bytes/limits.ts';

const PART = /^(.+)-(\d{5})-of-(\d{5})$/s;

/** What TensorFlow calls the checkpoint that a file is a part of. */
export function stemOf(name: string): string {
  return PART.exec(name)?.[1] ?? name;
}

/** The files of the checkpoint that a file belongs to: itself, or all parts of its set. */
export function partNames(name: string): readonly string[] {
  const [, stem, , digits] = PART.exec(name) ?? [];
  const count = Number(digits);
  if (stem === undefined || !(count >= 1 && count <= V1_PARTS)) return [name];
  const names = Array.from(
    { length: count },
    (_, at) => `${stem}-${String(at).padStart(5, '0')}-of-${digits}`,
  );
  return names.includes(name) ? names : [name];
}

/** Whether a name is one that Saver gives: `model.ckpt`, `model.ckpt-100`, `export-00000-of-00004`. */
export function isPartName(name: string): boolean {
  return /\.ckpt(-\d+)?$/.test(name) || PART.test(name);
}
