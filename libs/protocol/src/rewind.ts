import { ContainerType } from './ssz/container.js';
import { Uint53, type ValueOf } from './ssz/primitives.js';

/** Argument of the command `executor.rewind`: roll a rollup's executor back to a block that both branches share. */
export const RewindTarget = new ContainerType({ chainId: Uint53, number: Uint53 }, { typeName: 'RewindTarget' });
export type RewindTarget = ValueOf<typeof RewindTarget>;
