import { ContainerType } from './ssz/container.js';
import { Bytes32, Signature, Uint53, type ValueOf } from './ssz/primitives.js';

/** An executor's statement: after applying block `number` of this log, my state has this root. */
export const StateRoot = new ContainerType(
  { logId: Bytes32, chainId: Uint53, number: Uint53, blockHash: Bytes32, root: Bytes32 },
  { typeName: 'StateRoot' },
);
export type StateRoot = ValueOf<typeof StateRoot>;

export const SignedStateRoot = new ContainerType(
  { stateRoot: StateRoot, signature: Signature },
  { typeName: 'SignedStateRoot' },
);
export type SignedStateRoot = ValueOf<typeof SignedStateRoot>;
