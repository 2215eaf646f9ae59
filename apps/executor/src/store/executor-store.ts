import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { ClassicLevel } from 'classic-level';
import type { Cursor, PendingVote } from '#libs/executor-sdk';
import { serializeCursor } from '#libs/executor-sdk';
import type { StoredChange, StoredRecord } from '#libs/options';
import { equalBytes, uint64ToBytesBE } from '#libs/protocol';
import { ExecutorError } from '../errors.js';
import { type Change, key, kindRange, plain, readReceiptsKey, readSlotKey, receiptsRange, tableRange } from './keys.js';
import { OperationRecords } from './operation-records.js';
import type { OperationRecord } from './operation-record.js';
import { BlockReceipts, type StoredReceipt } from './receipt-record.js';

/** What one block changes; written all or nothing. */
export interface BlockWrite {
  cursor: Cursor;
  meta: Uint8Array;
  changes: readonly StoredChange[];
  receipts: StoredReceipt[];
  votes: readonly PendingVote[];
  /** Operations whose vote is no longer needed. */
  settledVotes: readonly Uint8Array[];
  /** Records of operations that it made or changed. */
  operations: readonly OperationRecord[];
}

/** A transaction's receipt and where it stands. */
export interface FoundReceipt {
  blockNumber: number;
  block: BlockReceipts;
  index: number;
}

/** The version of the store's form; another one is refused. */
const FORMAT = 2;
/** More than the operations that a leader admits as undecided at a time (4,096), so none is forgotten before its end. */
const OPERATIONS_MAX = 100_000;

/**
 * An executor's state, cursor, receipts and undecided votes in LevelDB. All that a block changes is one write, so
 * state and cursor never part, whenever the process dies. LevelDB's lock keeps a second process out.
 *
 * Writes are not forced to disk one by one: after a loss of power an earlier block may be the last, which is as good a
 * state as any, since blocks come again and votes are a function of them.
 */
export class ExecutorStore {
  readonly operations: OperationRecords;

  private constructor(
    private readonly db: ClassicLevel<Uint8Array, Uint8Array>,
    readonly directory: string,
    operationsMax: number,
  ) {
    this.operations = new OperationRecords(db, operationsMax);
  }

  /**
   * Opens a rollup's store, or makes one.
   * @param operationsMax records of operations that are kept, the newest
   * @throws ExecutorError `STORE_IN_USE`, `STORE_FOREIGN`, `STORE_NOT_USABLE`
   */
  static async open(dataDir: string, chainId: number, operationsMax = OPERATIONS_MAX): Promise<ExecutorStore> {
    const directory = join(dataDir, 'store');
    const db = new ClassicLevel<Uint8Array, Uint8Array>(directory, { keyEncoding: 'view', valueEncoding: 'view' });
    try {
      mkdirSync(directory, { recursive: true });
      await db.open({ writeBufferSize: 16 * 1024 * 1024 });
    } catch (error) {
      throw openError(directory, error);
    }
    const store = new ExecutorStore(db, directory, operationsMax);
    try {
      await store.claim(chainId);
      await store.goOnRewinding();
      await store.operations.open();
    } catch (error) {
      await db.close();
      throw error;
    }
    return store;
  }

  /** The serialised genesis that the state begins with; null in a new store. */
  async genesis(): Promise<Uint8Array | null> {
    const bytes = await this.db.get(key.single('genesis'));
    return bytes ? plain(bytes) : null;
  }

  async putGenesis(bytes: Uint8Array): Promise<void> {
    await this.db.put(key.single('genesis'), bytes);
  }

  /** The ledger's meta record and the serialised cursor after the last block; null before the first. */
  async position(): Promise<{ meta: Uint8Array; cursor: Uint8Array } | null> {
    const [meta, cursor] = await this.db.getMany([key.single('meta'), key.single('cursor')]);
    return meta && cursor ? { meta: plain(meta), cursor: plain(cursor) } : null;
  }

  /** All slots of the ledger's tables, or of one. */
  async records(table?: string): Promise<StoredRecord[]> {
    const records: StoredRecord[] = [];
    const range = table === undefined ? kindRange('s') : tableRange(table);
    for await (const [at, bytes] of this.db.iterator(range)) {
      records.push({ ...readSlotKey(at), bytes: plain(bytes) });
    }
    return records;
  }

  /** Votes on operations that are not decided yet. */
  async votes(): Promise<PendingVote[]> {
    const votes: PendingVote[] = [];
    for await (const [at, bytes] of this.db.iterator(kindRange('v'))) {
      const deadlineMs = Number(new DataView(bytes.buffer, bytes.byteOffset).getBigUint64(0));
      votes.push({ operationId: plain(at).slice(1), deadlineMs, bytes: plain(bytes).slice(8) });
    }
    return votes;
  }

  /** Writes what a block changed. */
  async write({ cursor, meta, changes, receipts, votes, settledVotes, operations }: BlockWrite): Promise<void> {
    const batch: Change[] = [
      { type: 'put', key: key.single('cursor'), value: serializeCursor(cursor) },
      { type: 'put', key: key.single('meta'), value: meta },
      { type: 'put', key: key.blockHash(cursor.number), value: cursor.hash },
    ];
    for (const { table, slot, bytes } of changes) {
      const at = key.slot(table, slot);
      batch.push(bytes ? { type: 'put', key: at, value: bytes } : { type: 'del', key: at });
    }
    if (receipts.length > 0) putReceipts(batch, cursor, receipts);
    for (const { operationId, deadlineMs, bytes } of votes) {
      const value = Buffer.concat([uint64ToBytesBE(BigInt(deadlineMs)), bytes]);
      batch.push({ type: 'put', key: key.vote(operationId), value });
    }
    for (const operationId of settledVotes) batch.push({ type: 'del', key: key.vote(operationId) });
    batch.push(...(await this.operations.changes(operations, cursor.number)));
    await this.db.batch(batch);
  }

  /** The receipt of a transaction that was applied, or null. */
  async receipt(hash: Uint8Array): Promise<FoundReceipt | null> {
    const place = await this.db.get(key.transaction(hash));
    if (!place) return null;
    const view = new DataView(place.buffer, place.byteOffset, place.length);
    const blockNumber = Number(view.getBigUint64(0));
    const index = view.getUint32(8);
    const bytes = await this.db.get(key.receipts(blockNumber));
    if (!bytes) return null;
    const block = BlockReceipts.deserialize(plain(bytes));
    const receipt = block.receipts[index];
    return receipt && equalBytes(receipt.hash, hash) ? { blockNumber, block, index } : null;
  }

  /** Receipts of the blocks that have some, ascending, both ends included. */
  async *receiptsOfBlocks(from: number, to: number): AsyncGenerator<{ blockNumber: number; block: BlockReceipts }> {
    for await (const [at, bytes] of this.db.iterator({ ...receiptsRange(from, to), highWaterMarkBytes: 65_536 })) {
      yield { blockNumber: readReceiptsKey(at), block: BlockReceipts.deserialize(plain(bytes)) };
    }
  }

  /** The hash of a block that was applied, or null. */
  async blockHash(number: number): Promise<Uint8Array | null> {
    const hash = await this.db.get(key.blockHash(number));
    return hash ? plain(hash) : null;
  }

  /** Empties the store, but for genesis and the block at which the log must be the same as before. */
  async beginRewind({ number, hash }: { number: number; hash: Uint8Array }): Promise<void> {
    await this.db.put(key.single('rewind'), Buffer.concat([uint64ToBytesBE(BigInt(number)), hash, Uint8Array.of(1)]));
    await this.goOnRewinding();
    await this.operations.open();
  }

  /** The block at which the log must be the same as before a rewind; null where none is under way. */
  async rewindTarget(): Promise<{ number: number; hash: Uint8Array } | null> {
    const bytes = await this.db.get(key.single('rewind'));
    if (!bytes) return null;
    const number = Number(new DataView(bytes.buffer, bytes.byteOffset).getBigUint64(0));
    return { number, hash: plain(bytes).slice(8, 40) };
  }

  /** The block was reached again. */
  async endRewind(): Promise<void> {
    await this.db.del(key.single('rewind'));
  }

  /** Size on disk in bytes, about: what was written last is not counted yet. */
  sizeBytes(): Promise<number> {
    return this.db.approximateSize(Buffer.of(0), Buffer.of(0xff));
  }

  async close(): Promise<void> {
    await this.db.close();
  }

  /** Deletes what a rewind gives up; again where the process died meanwhile. */
  private async goOnRewinding(): Promise<void> {
    const bytes = await this.db.get(key.single('rewind'));
    if (bytes?.at(-1) !== 1) return;
    const [first, after] = [Buffer.from('m'), Buffer.from('n')];
    await this.db.clear({ lt: first });
    await this.db.clear({ gte: after });
    await this.db.batch([
      { type: 'del', key: key.single('cursor') },
      { type: 'del', key: key.single('meta') },
      { type: 'put', key: key.single('rewind'), value: Buffer.concat([bytes.subarray(0, 40), Uint8Array.of(0)]) },
    ]);
  }

  /** Makes a new store this rollup's, or makes sure that it is. */
  private async claim(chainId: number): Promise<void> {
    const mine = JSON.stringify({ format: FORMAT, chainId });
    const stored = await this.db.get(key.single('identity'));
    if (!stored) return this.db.put(key.single('identity'), Buffer.from(mine));
    const found = Buffer.from(stored).toString();
    if (found === mine) return undefined;
    throw new ExecutorError(
      { code: 'STORE_FOREIGN', directory: this.directory },
      `The store in ${this.directory} is of ${found}; this executor needs ${mine}.`,
      'Set LOCKSTEP_DATA_DIR to another directory, or delete this one to replay the log.',
    );
  }
}

function putReceipts(batch: Change[], { number, hash }: Cursor, receipts: StoredReceipt[]): void {
  const value = BlockReceipts.serialize({ blockHash: hash, receipts });
  batch.push({ type: 'put', key: key.receipts(number), value });
  const blockNumber = uint64ToBytesBE(BigInt(number));
  for (const [index, receipt] of receipts.entries()) {
    const place = Buffer.allocUnsafe(12);
    place.set(blockNumber);
    place.writeUInt32BE(index, 8);
    batch.push({ type: 'put', key: key.transaction(receipt.hash), value: place });
  }
}

function openError(directory: string, error: unknown): ExecutorError {
  const cause = (error as { cause?: { code?: string; message?: string } }).cause;
  if (cause?.code === 'LEVEL_LOCKED') {
    return new ExecutorError(
      { code: 'STORE_IN_USE', directory },
      `The store in ${directory} is in use by another process.`,
      'Stop that executor, or set LOCKSTEP_DATA_DIR to another directory.',
      { cause: error },
    );
  }
  return new ExecutorError(
    { code: 'STORE_NOT_USABLE', directory },
    `The store in ${directory} cannot be opened: ${cause?.message ?? (error as Error).message}.`,
    'Check the directory, or delete it to replay the log.',
    { cause: error },
  );
}
