import { readFileSync } from 'node:fs';

import { ORACLES, type OracleNumber } from '#test/kit/shared-files.ts';

/** NumPy's answers about one array; `edges` and `counts` for 16, 64 and 1,000 bins where it gave any. */
export interface ArrayAnswers {
  readonly dtype: string;
  readonly shape: readonly number[];
  readonly count: number;
  readonly nan: number;
  readonly posinf: number;
  readonly neginf: number;
  readonly zeros: number;
  readonly denormals?: number;
  readonly min?: OracleNumber;
  readonly max?: OracleNumber;
  readonly mean?: OracleNumber;
  readonly std?: OracleNumber;
  readonly quantiles?: Readonly<Record<string, OracleNumber>>;
  readonly [histogram: `histogram${number}`]: {
    readonly edges: readonly number[];
    readonly counts: readonly number[];
  };
}

export interface PairAnswers {
  readonly a: string;
  readonly b: string;
  readonly max_abs: number;
  readonly at: number;
  readonly relative_l2: number;
  readonly cosine: number;
  readonly max_ulp: number;
  readonly changed_bits: number;
}

export interface StatisticsOracle {
  readonly arrays: Readonly<Record<string, ArrayAnswers>>;
  readonly pairs: Readonly<Record<string, PairAnswers>>;
  /** Raw bytes and safetensors dtype of an array, found by a reader of its own: header as JSON, then a slice. */
  readonly bytesOf: (name: string) => { readonly dtype: string; readonly bytes: Uint8Array };
}

export function readStatisticsOracle(): StatisticsOracle {
  const folder = `${ORACLES}statistics/`;
  const answers = JSON.parse(readFileSync(`${folder}expected.json`, 'utf8')) as Omit<
    StatisticsOracle,
    'bytesOf'
  >;
  const file = readFileSync(`${folder}arrays.safetensors`);
  const headerLength = Number(file.readBigUInt64LE(0));
  const header = JSON.parse(file.subarray(8, 8 + headerLength).toString('utf8')) as Record<
    string,
    { dtype: string; data_offsets: [number, number] }
  >;
  return {
    ...answers,
    bytesOf: (name) => {
      const { dtype, data_offsets: offsets } = header[name]!;
      const base = 8 + headerLength;
      return {
        dtype: dtype === 'BOOL' ? 'bool' : dtype.toLowerCase(),
        bytes: Uint8Array.from(file.subarray(base + offsets[0], base + offsets[1])),
      };
    },
  };
}

/** The oracle's way of writing numbers, back to numbers. */
export function fromOracle(value: OracleNumber | undefined): number | bigint | undefined {
  if (value === undefined || value === null) return undefined;
  if (typeof value === 'string') return /^-?\d+$/.test(value) ? BigInt(value) : Number(value);
  return value as number;
}
