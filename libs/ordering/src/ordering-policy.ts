/**
 * Decides in which order what is waiting goes into a block. It must keep the order of each sender's nonces; whatever it
 * returns first is placed first.
 */
export interface OrderingPolicy<T> {
  readonly name: string;
  /** Orders what is waiting, oldest first as given. Must return every item exactly once. */
  order(waiting: readonly T[]): readonly T[];
}

/** First come, first placed: the default. */
export const arrivalOrder: OrderingPolicy<never> = { name: 'arrival', order: (waiting) => waiting };
