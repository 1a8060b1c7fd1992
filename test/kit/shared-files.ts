import { existsSync, readFileSync } from 'node:fs';
import { resolve, sep } from 'node:path';
import { fileURLToPath } from 'node:url';

/** The folder with genuine files beside the project, where it is there. */
// not `new URL(…, import.meta.url)`: for page tests Vite would take that for an asset
export const SHARED = resolve(fileURLToPath(import.meta.url), '../../../../shared') + sep;
export const ORACLES = `${SHARED}oracles/`;
export const SAMPLES = `${SHARED}samples/`;
export const hasOracles = existsSync(`${ORACLES}expected.json`);
export const hasSamples = existsSync(`${SAMPLES}SOURCES.md`);

export type OracleNumber = number | string | readonly [OracleNumber, OracleNumber] | null;

export interface OracleTensor {
  readonly dtype: string;
  readonly shape: readonly number[];
  readonly sha256: string;
  readonly head: readonly OracleNumber[];
  readonly tail: readonly OracleNumber[];
  readonly min?: OracleNumber;
  readonly max?: OracleNumber;
  readonly mean?: OracleNumber;
  readonly nan?: number;
  readonly posinf?: number;
  readonly neginf?: number;
  readonly no_data?: boolean;
}

export interface OracleFile {
  readonly format: string;
  readonly writer: string;
  readonly size?: number;
  readonly parts?: readonly string[];
  readonly tensors: Readonly<Record<string, OracleTensor>>;
  readonly listed?: 'some';
  readonly forward?: {
    readonly layers: readonly unknown[];
    readonly dtype: string;
    readonly X: readonly (readonly number[])[];
    readonly Y: readonly (readonly number[])[];
    readonly tolerance: unknown;
  };
  readonly metadata?: Readonly<Record<string, unknown>>;
}

export interface OraclePair {
  readonly a: string;
  readonly b: string;
  readonly relation: string;
  readonly [field: string]: unknown;
}

export interface Oracles {
  readonly files: Readonly<Record<string, OracleFile>>;
  readonly pairs: readonly OraclePair[];
}

/** The frameworks' own account of the oracle files. Call only where `hasOracles`. */
export function readOracles(): Oracles {
  return JSON.parse(readFileSync(`${ORACLES}expected.json`, 'utf8')) as Oracles;
}
