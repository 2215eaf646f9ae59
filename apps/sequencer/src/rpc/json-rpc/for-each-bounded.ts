/**
 * Runs `work` for each item, at most `concurrencyMax` at a time, beginning in order. Resolves when all are done;
 * rejects with the first error, after which nothing more is begun.
 */
export async function forEachBounded<T>(
  items: readonly T[],
  concurrencyMax: number,
  work: (item: T) => Promise<void>,
): Promise<void> {
  let next = 0;
  const run = async (): Promise<void> => {
    while (next < items.length) {
      try {
        await work(items[next++]!);
      } catch (thrown) {
        next = items.length;
        throw thrown;
      }
    }
  };
  await Promise.all(Array.from({ length: Math.min(concurrencyMax, items.length) }, run));
}
