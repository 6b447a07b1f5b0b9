/** Limits on what is read and planned; every one is configurable and has its own clear error. */

/** All limits are inclusive: a file exactly at a limit is read. */
export interface DataLimits {
  /** Size of the uploaded file. */
  readonly maxFileBytes: number;
  /** Size after decompression. */
  readonly maxUnpackedBytes: number;
  /** Decompressed bytes over compressed bytes, looked at from 16 MiB of output on (small files may compress absurdly well). */
  readonly maxUnpackRatio: number;
  readonly maxRowCount: number;
  readonly maxColumnCount: number;
  /** Longest text of one cell, in characters. */
  readonly maxCellLength: number;
  /** Most classes of a classification. */
  readonly maxClassCount: number;
  /** Most different texts of one column that are kept; a column beyond it stays in the profile only. */
  readonly maxDistinctTexts: number;
  /** Most characters of one column's different texts that are kept, as above. */
  readonly maxTextCharacters: number;
  /** Memory that DuckDB may use for reading. */
  readonly maxReadingMemoryBytes: number;
  /** Features in float32 for all rows (what one run holds in memory). */
  readonly maxTensorBytes: number;
}

export const defaultDataLimits: DataLimits = {
  maxFileBytes: 2 * 1024 ** 3,
  maxUnpackedBytes: 8 * 1024 ** 3,
  maxUnpackRatio: 200,
  maxRowCount: 20_000_000,
  maxColumnCount: 10_000,
  maxCellLength: 100_000,
  maxClassCount: 1000,
  maxDistinctTexts: 1_000_000,
  maxTextCharacters: 64 * 1024 ** 2,
  maxReadingMemoryBytes: 1024 ** 3,
  maxTensorBytes: 4 * 1024 ** 3,
};
