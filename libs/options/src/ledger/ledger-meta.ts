import { ListBasicType } from '@chainsafe/ssz';
import { ContainerType, Bytes32, Uint32, Uint53, Uint64, type ValueOf } from '#libs/protocol';

/** Version of the stored form: raised when it changes, so that an older store is refused, not misread. */
export const META_VERSION = 1;

/** What a stored ledger knows beside its rows. */
export const LedgerMeta = new ContainerType(
  {
    version: Uint32,
    logId: Bytes32,
    chainId: Uint53,
    /** The last block applied; 0 and the log id before the first. */
    number: Uint53,
    blockHash: Bytes32,
    timestampMs: Uint53,
    ownSequence: Uint64,
    sharedSequence: Uint64,
    /** Slots of each table, free ones included, in the order of the state's container. */
    lengths: new ListBasicType(Uint53, 64),
  },
  { typeName: 'LedgerMeta' },
);
export type LedgerMeta = ValueOf<typeof LedgerMeta>;
