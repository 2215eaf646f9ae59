import { sszRoot } from './hashing.js';
import { ContainerType } from './ssz/container.js';
import { Address, Bytes32, Signature, Uint32, Uint53, Uint64, type ValueOf } from './ssz/primitives.js';

/** What the leader signs of a block (design, section 4). The block hash is its SSZ root. */
export const Header = new ContainerType(
  {
    version: Uint32,
    logId: Bytes32,
    number: Uint53,
    parentHash: Bytes32,
    epoch: Uint53,
    /** Log time in ms. */
    timestamp: Uint53,
    /** Global sequence of the block's first entry; in an empty block, of the next entry to come. */
    firstSequence: Uint64,
    entryCount: Uint32,
    lanesRoot: Bytes32,
    /** Root of the registry in force in this block: what entries of earlier blocks say. */
    registryRoot: Bytes32,
    /** The leader's key, as an address. */
    leader: Address,
  },
  { typeName: 'Header', jsonCase: 'eth2' },
);
export type Header = ValueOf<typeof Header>;

export const SignedHeader = new ContainerType({ header: Header, signature: Signature }, { typeName: 'SignedHeader' });
export type SignedHeader = ValueOf<typeof SignedHeader>;

/** The block hash: the header's SSZ root, 32 bytes. */
export const blockHash = (header: Header): Uint8Array => sszRoot(Header, header);
