import { bytesToHex, hexToBytes } from '../bytes.js';
import { commitmentDigest, intentDigest } from '../eip712.js';
import { encodeEntry, entryId, EntryKind, entryLeaf, isShared, NO_SENDER } from '../entry.js';
import { logId as logIdOf } from '../genesis.js';
import { blockHash, type Header } from '../header.js';
import { type Lane, laneRoot, lanesRoot, proveLanes } from '../lane.js';
import {
  assetSubject,
  Decision,
  type Leg,
  LegAccount,
  LegDirection,
  Outcome,
  Prepare,
  type SignedVote,
  type Vote,
  Vote as VoteType,
} from '../operation.js';
import { Price, SignedPrice } from '../price.js';
import { Reason } from '../reason.js';
import {
  RegistryAction,
  RegistryChange,
  type Registry,
  registryRoot,
  SignedRegistryChange,
  seriesId,
} from '../registry.js';
import { applyRegistryChange } from '../registry-change.js';
import { Restore, SignedRestore } from '../restore.js';
import { type LaneSlice, Slice } from '../slice.js';
import { SignedStateRoot, StateRoot } from '../state-root.js';
import {
  addressOf,
  CALL_TERMS,
  CHAIN_IDS,
  ETH,
  EXERCISE,
  genesis,
  named,
  privateKey,
  PUT_TERMS,
  signAs,
  START_TIME_MS,
  USD,
} from './fixtures.js';
import { privateKeyToAccount } from 'viem/accounts';

/** An entry with its place in the log of the vectors. */
export interface VectorEntry {
  name: string;
  kind: EntryKind;
  lane: number;
  sequence: bigint;
  sender: Uint8Array;
  /** What the body says; a transaction's is opaque. */
  value: unknown;
  bytes: Uint8Array;
  id: Uint8Array;
  leaf: Uint8Array;
}

export interface VectorBlock {
  header: Header;
  hash: Uint8Array;
  signature: Uint8Array;
  entries: VectorEntry[];
  lanes: Lane[];
  roots: Uint8Array[];
  proofs: Uint8Array[][];
  slices: { chainId: number; value: Slice; bytes: Uint8Array }[];
}

type NewEntry = Pick<VectorEntry, 'name' | 'kind' | 'lane' | 'value'> & { body: Uint8Array; sender?: Uint8Array };

const LOG_ID = logIdOf(genesis());
const SHARED = 0;
/** Of the block after the restore. */
const RESTORED_EPOCH = 5;
const [POSITION, COLLATERAL, SETTLEMENT] = CHAIN_IDS;

/**
 * A log of three blocks that has one entry of each kind: an exercise is prepared in block 1 and committed in block 2;
 * block 3 goes on from there after a restore.
 */
export async function buildLog(): Promise<VectorBlock[]> {
  const first = genesis().registry;
  const change = await registryChange();
  const prepare = await prepareEntry();
  const block1 = await buildBlock(null, first, [
    change,
    await priceEntry(),
    await transactionEntry('eip1559', POSITION, 0),
    prepare,
    await transactionEntry('legacy', COLLATERAL, 0),
  ]);
  const { change: applied } = change.value as SignedRegistryChange;
  const second = applyRegistryChange(first, applied, block1.header.timestamp);
  const block2 = await buildBlock(block1, second, [
    await decisionEntry(block1),
    await stateRootEntry(block1),
    await transactionEntry('eip2930', POSITION, 1),
  ]);
  const block3 = await buildBlock(block2, second, [await restoreEntry(block2)], RESTORED_EPOCH);
  return [block1, block2, block3];
}

async function registryChange(): Promise<NewEntry> {
  const change: RegistryChange = { nonce: 0, action: { selector: RegistryAction.LIST_SERIES, value: PUT_TERMS } };
  const value = {
    change,
    signature: await signCommitment('registry', 'registry', RegistryChange.hashTreeRoot(change)),
  };
  const body = SignedRegistryChange.serialize(value);
  return { name: 'registry change: list a series', kind: EntryKind.REGISTRY_CHANGE, lane: SHARED, value, body };
}

async function priceEntry(): Promise<NewEntry> {
  const price: Price = {
    underlying: ETH,
    quote: USD,
    round: 7n,
    price: 3_000_000_000n,
    observedAtMs: START_TIME_MS + 900,
  };
  const value = { price, signature: await signCommitment('price', 'price', Price.hashTreeRoot(price)) };
  return { name: 'price', kind: EntryKind.PRICE, lane: SHARED, value, body: SignedPrice.serialize(value) };
}

/** The legs of {@link EXERCISE} at 3,000: 1.5 ETH are released, 0.25 of them paid to the holder. */
const legs = (): Leg[] => {
  const { holder, backer, quantity } = EXERCISE.value as typeof EXERCISE.value & { holder: Uint8Array };
  const series = { subject: seriesId(CALL_TERMS), backer, amount: quantity };
  const balance = { account: LegAccount.balance, subject: assetSubject(ETH), backer: NO_SENDER };
  const { hold, credit } = LegDirection;
  return [
    { chainId: POSITION, direction: hold, account: LegAccount.position, owner: holder, ...series },
    { chainId: POSITION, direction: hold, account: LegAccount.exposure, owner: backer, ...series },
    { chainId: COLLATERAL, direction: hold, account: LegAccount.collateral, owner: backer, ...series },
    { chainId: SETTLEMENT, direction: credit, owner: holder, ...balance, amount: quantity / 6n },
    { chainId: COLLATERAL, direction: credit, owner: backer, ...balance, amount: (quantity * 5n) / 6n },
  ];
};

async function prepareEntry(): Promise<NewEntry> {
  const operationId = intentDigest(LOG_ID, POSITION, EXERCISE);
  const value: Prepare = {
    operationId,
    intent: EXERCISE,
    signatures: [await signAs('holder', operationId)],
    participants: [...CHAIN_IDS],
    legs: legs(),
    priceRound: 7n,
    payout: EXERCISE.value.quantity / 6n,
    deadlineMs: START_TIME_MS + 1_000 + 10_000,
  };
  return { name: 'prepare', kind: EntryKind.PREPARE, lane: SHARED, value, body: Prepare.serialize(value) };
}

async function transactionEntry(
  type: 'legacy' | 'eip2930' | 'eip1559',
  lane: number,
  nonce: number,
): Promise<NewEntry> {
  const account = privateKeyToAccount(bytesToHex(privateKey('holder')));
  const common = { chainId: lane, nonce, to: account.address, value: 5n, gas: 21_000n } as const;
  const raw = await account.signTransaction(
    type === 'eip1559'
      ? { ...common, type, maxFeePerGas: 2n, maxPriorityFeePerGas: 1n }
      : { ...common, type, gasPrice: 1n },
  );
  const body = hexToBytes(raw);
  const sender = addressOf('holder');
  return { name: `transaction: ${type}`, kind: EntryKind.TRANSACTION, lane, value: body, body, sender };
}

/** The votes of all participants, by chain id: those of the first block's PREPARE. */
export async function buildVotes(block: VectorBlock, no = false): Promise<SignedVote[]> {
  const prepare = block.entries.find(({ kind }) => kind === EntryKind.PREPARE)!;
  return Promise.all(
    CHAIN_IDS.map(async (chainId, at) => {
      const refuses = no && chainId === COLLATERAL;
      const vote: Vote = {
        logId: LOG_ID,
        prepareBlockHash: block.hash,
        operationId: (prepare.value as Prepare).operationId,
        prepareId: prepare.id,
        chainId,
        yes: !refuses,
        reason: refuses ? Reason.insufficient_collateral : Reason.none,
        laneSequence: chainId === SETTLEMENT ? 0n : 1n,
        sharedLaneSequence: 3n,
        stateRoot: named(`state of ${chainId} after genesis`),
        clock: CHAIN_IDS.slice(0, at + 1).map((id) => ({ chainId: id, laneSequence: id === SETTLEMENT ? 0n : 1n })),
      };
      return { vote, signature: await signCommitment(`voting ${chainId}`, 'vote', VoteType.hashTreeRoot(vote)) };
    }),
  );
}

async function decisionEntry(block: VectorBlock): Promise<NewEntry> {
  const votes = await buildVotes(block);
  const { operationId, prepareId } = votes[0]!.vote;
  const value = { operationId, prepareId, outcome: Outcome.commit, reason: Reason.none, votes, auditId: 0n };
  const body = Decision.serialize(value);
  return { name: 'decision: commit', kind: EntryKind.DECISION, lane: SHARED, value, body };
}

async function stateRootEntry({ header, hash }: VectorBlock): Promise<NewEntry> {
  const stateRoot: StateRoot = {
    logId: LOG_ID,
    chainId: POSITION,
    number: header.number,
    blockHash: hash,
    root: named('state after block 1'),
  };
  const signature = await signCommitment(`replica ${POSITION}`, 'root', StateRoot.hashTreeRoot(stateRoot));
  const value = { stateRoot, signature };
  const body = SignedStateRoot.serialize(value);
  return { name: 'state root', kind: EntryKind.STATE_ROOT, lane: POSITION, value, body };
}

async function restoreEntry({ header, hash }: VectorBlock): Promise<NewEntry> {
  const restore: Restore = { lastBlock: header.number, lastHash: hash, epochAbove: RESTORED_EPOCH - 1 };
  const value = { restore, signature: await signCommitment('registry', 'restore', Restore.hashTreeRoot(restore)) };
  return { name: 'restore', kind: EntryKind.RESTORE, lane: SHARED, value, body: SignedRestore.serialize(value) };
}

async function buildBlock(
  parent: VectorBlock | null,
  registry: Registry,
  list: NewEntry[],
  epoch = 1,
): Promise<VectorBlock> {
  const firstSequence = parent ? parent.header.firstSequence + BigInt(parent.header.entryCount) : 1n;
  const entries = list.map((entry, at) => place(entry, firstSequence + BigInt(at)));
  const lanes = [SHARED, ...CHAIN_IDS].map((chainId, index): Lane => {
    const before = parent?.lanes[index];
    return {
      chainId,
      firstLaneSequence: before ? before.firstLaneSequence + BigInt(before.leaves.length) : 1n,
      leaves: entries.filter(({ lane }) => lane === chainId).map(({ leaf }) => leaf),
    };
  });
  const roots = lanes.map(laneRoot);
  const number = (parent?.header.number ?? 0) + 1;
  const header: Header = {
    version: 1,
    logId: LOG_ID,
    number,
    parentHash: parent?.hash ?? LOG_ID,
    epoch,
    timestamp: START_TIME_MS + number * 1_000,
    firstSequence,
    entryCount: entries.length,
    lanesRoot: lanesRoot(roots),
    registryRoot: registryRoot(registry),
    leader: addressOf('sequencer'),
  };
  const hash = blockHash(header);
  const signature = await signCommitment('sequencer', 'header', hash);
  const proofs = proveLanes(roots, [...lanes.keys()]);
  const laneSlices = lanes.map(({ chainId, firstLaneSequence }, index): LaneSlice => {
    const own = entries.filter(({ lane }) => lane === chainId);
    return {
      chainId,
      index,
      firstLaneSequence,
      entries: own.map(({ sequence, sender, bytes }) => ({ sequence, sender, bytes })),
      proof: proofs[index]!,
    };
  });
  const slices = laneSlices.slice(1).map((own) => {
    const value: Slice = { header, signature, shared: laneSlices[0]!, own };
    return { chainId: own.chainId, value, bytes: Slice.serialize(value) };
  });
  return { header, hash, signature, entries, lanes, roots, proofs, slices };
}

function place({ body, kind, lane, sender = NO_SENDER, ...entry }: NewEntry, sequence: bigint): VectorEntry {
  if (isShared(kind) !== (lane === SHARED)) throw new RangeError(`an entry of kind ${kind} in lane ${lane}`);
  const bytes = encodeEntry(kind, body);
  const id = entryId(bytes);
  return { ...entry, kind, lane, sender, sequence, bytes, id, leaf: entryLeaf(sequence, id, sender) };
}

const signCommitment = (
  signer: string,
  kind: Parameters<typeof commitmentDigest>[1],
  root: Uint8Array,
): Promise<Uint8Array> => signAs(signer, commitmentDigest(LOG_ID, kind, root));
