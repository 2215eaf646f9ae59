/** Percentiles of a sample in ms, to two decimals; zero for an empty one. */
export function quantiles(sample: readonly number[]): { p50: number; p99: number } {
  const sorted = [...sample].sort((a, b) => a - b);
  const at = (share: number): number => {
    const value = sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))] ?? 0;
    return Math.round(value * 100) / 100;
  };
  return { p50: at(0.5), p99: at(0.99) };
}
