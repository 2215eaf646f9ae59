/** One change of a LevelDB batch. */
export type Change = { type: 'put'; key: Uint8Array; value: Uint8Array } | { type: 'del'; key: Uint8Array };
/** What the store has one of; `rewind` only until the block is reached again. */
export type SingleRecord = 'identity' | 'genesis' | 'cursor' | 'meta' | 'rewind';

/** Keys of the store: one letter for the kind of record, then what tells records of a kind apart. */
export const key = {
  /** One record of its kind. */
  single: (name: SingleRecord): Uint8Array => Buffer.from(`m${name}`),
  /** A slot of one of the ledger's tables. */
  slot(table: string, slot: number): Uint8Array {
    const bytes = Buffer.allocUnsafe(2 + table.length + 4);
    bytes.write(`s${table}\0`, 'latin1');
    bytes.writeUInt32BE(slot, 2 + table.length);
    return bytes;
  },
  /** The hash of a block that was applied. */
  blockHash(blockNumber: number): Uint8Array {
    const bytes = Buffer.allocUnsafe(9);
    bytes.write('h', 'latin1');
    bytes.writeBigUInt64BE(BigInt(blockNumber), 1);
    return bytes;
  },
  /** Receipts of a block. */
  receipts(blockNumber: number): Uint8Array {
    const bytes = Buffer.allocUnsafe(9);
    bytes.write('r', 'latin1');
    bytes.writeBigUInt64BE(BigInt(blockNumber), 1);
    return bytes;
  },
  /** Where a transaction's receipt stands. Half its hash: what is found is compared with the whole. */
  transaction(hash: Uint8Array): Uint8Array {
    const bytes = Buffer.allocUnsafe(17);
    bytes.write('t', 'latin1');
    bytes.set(hash.subarray(0, 16), 1);
    return bytes;
  },
  /** A signed vote on an undecided operation. */
  vote(operationId: Uint8Array): Uint8Array {
    const bytes = Buffer.allocUnsafe(33);
    bytes.write('v', 'latin1');
    bytes.set(operationId, 1);
    return bytes;
  },
  /** What is kept of an operation. */
  operation(operationId: Uint8Array): Uint8Array {
    const bytes = Buffer.allocUnsafe(33);
    bytes.write('o', 'latin1');
    bytes.set(operationId, 1);
    return bytes;
  },
  /** The operation whose PREPARE has this sequence; in the order in which they are forgotten. */
  prepared(sequence: bigint): Uint8Array {
    const bytes = Buffer.allocUnsafe(9);
    bytes.write('q', 'latin1');
    bytes.writeBigUInt64BE(sequence, 1);
    return bytes;
  },
};

/** All keys of the kind that a letter stands for. */
export const kindRange = (letter: 's' | 'v' | 'q'): { gte: Uint8Array; lt: Uint8Array } => ({
  gte: Buffer.from(letter),
  lt: Buffer.from(String.fromCharCode(letter.charCodeAt(0) + 1)),
});

/** Receipts of a range of blocks, both ends included. */
export const receiptsRange = (from: number, to: number): { gte: Uint8Array; lte: Uint8Array } => ({
  gte: key.receipts(from),
  lte: key.receipts(to),
});

/** The block of {@link key.receipts}. */
export const readReceiptsKey = (bytes: Uint8Array): number =>
  Number(new DataView(bytes.buffer, bytes.byteOffset).getBigUint64(1));

/** Table and slot of {@link key.slot}. */
export function readSlotKey(bytes: Uint8Array): { table: string; slot: number } {
  const view = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length);
  const tableEnd = view.length - 5;
  return { table: view.toString('latin1', 1, tableEnd), slot: view.readUInt32BE(view.length - 4) };
}

/** All slots of one table. */
export const tableRange = (table: string): { gte: Uint8Array; lte: Uint8Array } => ({
  gte: key.slot(table, 0),
  lte: key.slot(table, 0xffffffff),
});

/** The same memory as a plain Uint8Array: a Buffer's `slice` is a view, and SSZ takes what it decodes by `slice`. */
export const plain = (bytes: Uint8Array): Uint8Array => new Uint8Array(bytes.buffer, bytes.byteOffset, bytes.length);
