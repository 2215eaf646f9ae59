/** Upper bounds in seconds for what takes from half a millisecond to seconds: database writes, applying a block. */
export const FAST_SECONDS = [0.0005, 0.001, 0.002, 0.004, 0.008, 0.016, 0.032, 0.064, 0.125, 0.25, 0.5, 1, 2, 5];
/** For what ends within a deadline of ten seconds: operations. */
export const OPERATION_SECONDS = [0.005, 0.01, 0.02, 0.04, 0.08, 0.16, 0.32, 0.64, 1, 2, 5, 10, 12];
/** Entries of a block. */
export const ENTRY_COUNTS = [0, 1, 2, 5, 10, 20, 50, 100, 200, 500, 1_000, 2_000, 5_000, 10_000];
/** Sizes in bytes, 256 B to 4 MiB. */
export const SIZES_BYTES = [256, 1_024, 4_096, 16_384, 65_536, 262_144, 1_048_576, 4_194_304];
