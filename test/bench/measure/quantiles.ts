/** Latencies in ms; how many they come from. */
export interface Latency {
  p50: number;
  p99: number;
  samples: number;
}

/** Percentiles of a sample, to hundredths of a ms. @throws RangeError for an empty one */
export function latencyOf(samplesMs: readonly number[]): Latency {
  if (samplesMs.length === 0) throw new RangeError('no samples to take percentiles of');
  const sorted = Float64Array.from(samplesMs).sort();
  const at = (share: number): number => {
    const value = sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))]!;
    return Math.round(value * 100) / 100;
  };
  return { p50: at(0.5), p99: at(0.99), samples: sorted.length };
}
