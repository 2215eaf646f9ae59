import { ContainerType } from './ssz/container.js';
import { Address, Signature, Uint256, Uint53, Uint64, type ValueOf } from './ssz/primitives.js';

/** One price of a market. Rounds of a market grow. */
export const Price = new ContainerType(
  {
    underlying: Address,
    quote: Address,
    round: Uint64,
    /** Base units of `quote` for one whole unit of `underlying`; not zero. */
    price: Uint256,
    /** When the publisher saw it, wall time in ms; information only, log time is what counts. */
    observedAtMs: Uint53,
  },
  { typeName: 'Price' },
);
export type Price = ValueOf<typeof Price>;

export const SignedPrice = new ContainerType({ price: Price, signature: Signature }, { typeName: 'SignedPrice' });
export type SignedPrice = ValueOf<typeof SignedPrice>;
