import type { PreparedOperation } from '#libs/atomic-commit';
import {
  bytesToHex,
  Decision,
  entryBody,
  entryId,
  EntryKind,
  findRollup,
  type Hex,
  Prepare,
  SignedPrice,
  SignedRestore,
  SignedStateRoot,
} from '#libs/protocol';
import type { IndexedBlock, IndexedEntry } from './log-index.js';

interface Placed extends IndexedEntry {
  block: IndexedBlock;
}
export interface IndexedPrepare extends Placed {
  operationId: Hex;
  prepare: Prepare;
  /** What the commit protocol knows of it: voting keys are those in force in this block. */
  operation: PreparedOperation;
}
export interface IndexedDecision extends Placed {
  operationId: Hex;
  decision: Decision;
}
export interface IndexedRoot extends Placed {
  signed: SignedStateRoot;
}
export interface IndexedPrice extends Placed {
  signed: SignedPrice;
}
export interface IndexedRestore extends Placed {
  signed: SignedRestore;
}
export interface Unreadable extends Placed {
  reason: string;
}

/** Everything the log says of one operation, in its order. */
export interface IndexedOperation {
  prepares: IndexedPrepare[];
  decisions: IndexedDecision[];
}

export interface DecodedEntries {
  prepares: IndexedPrepare[];
  decisions: IndexedDecision[];
  roots: IndexedRoot[];
  prices: IndexedPrice[];
  registryChanges: Placed[];
  restores: IndexedRestore[];
  transactions: Placed[];
  operations: Map<Hex, IndexedOperation>;
  /** Entries whose body is no SSZ of their kind. Transactions are not decoded here. */
  unreadable: Unreadable[];
}

/** A voting key that signs nothing, for a participant that the registry does not know. */
const NO_KEY = new Uint8Array(20);

/** Decodes all entries but transactions. */
export function decodeEntries(blocks: readonly IndexedBlock[]): DecodedEntries {
  const decoded: DecodedEntries = {
    prepares: [],
    decisions: [],
    roots: [],
    prices: [],
    registryChanges: [],
    restores: [],
    transactions: [],
    operations: new Map(),
    unreadable: [],
  };
  for (const block of blocks) {
    for (const indexed of block.entries) {
      const placed = { ...indexed, block };
      try {
        decodeOne(decoded, placed);
      } catch (error) {
        decoded.unreadable.push({ ...placed, reason: (error as Error).message });
      }
    }
  }
  return decoded;
}

function decodeOne(decoded: DecodedEntries, placed: Placed): void {
  const { bytes } = placed.entry;
  const body = entryBody(bytes);
  switch (bytes[0] as EntryKind) {
    case EntryKind.TRANSACTION:
      decoded.transactions.push(placed);
      return;
    case EntryKind.PRICE:
      decoded.prices.push({ ...placed, signed: SignedPrice.deserialize(body) });
      return;
    case EntryKind.STATE_ROOT:
      decoded.roots.push({ ...placed, signed: SignedStateRoot.deserialize(body) });
      return;
    case EntryKind.REGISTRY_CHANGE:
      decoded.registryChanges.push(placed);
      return;
    case EntryKind.PREPARE: {
      const indexed = indexPrepare(placed, Prepare.deserialize(body) as Prepare);
      decoded.prepares.push(indexed);
      operationOf(decoded, indexed.operationId).prepares.push(indexed);
      return;
    }
    case EntryKind.DECISION: {
      const decision = Decision.deserialize(body);
      const indexed = { ...placed, decision, operationId: bytesToHex(decision.operationId) };
      decoded.decisions.push(indexed);
      operationOf(decoded, indexed.operationId).decisions.push(indexed);
      return;
    }
    case EntryKind.RESTORE:
      decoded.restores.push({ ...placed, signed: SignedRestore.deserialize(body) });
      return;
    default:
      throw new Error(`unknown kind ${bytes[0]}`);
  }
}

function indexPrepare(placed: Placed, prepare: Prepare): IndexedPrepare {
  const { block, entry } = placed;
  const { operationId, deadlineMs, participants } = prepare;
  const operation: PreparedOperation = {
    operationId,
    prepareId: entryId(entry.bytes),
    prepareBlockHash: block.hash,
    deadlineMs,
    participants: participants.map((chainId) => ({
      chainId,
      votingKey: findRollup(block.registry, chainId)?.votingKey ?? NO_KEY,
    })),
  };
  return { ...placed, prepare, operation, operationId: bytesToHex(operationId) };
}

function operationOf({ operations }: DecodedEntries, id: Hex): IndexedOperation {
  let operation = operations.get(id);
  if (!operation) operations.set(id, (operation = { prepares: [], decisions: [] }));
  return operation;
}
