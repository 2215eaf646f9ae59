import { setTimeout as delay } from 'node:timers/promises';
import { recoverAddress } from '#libs/crypto';
import {
  type Cursor,
  deserializeCursor,
  fetchGenesis,
  genesisCursor,
  type ReplaySource,
  SliceError,
} from '#libs/executor-sdk';
import { Ledger } from '#libs/options';
import { bytesToHex, equalBytes, findRollup, Genesis, logId } from '#libs/protocol';
import type { Logger } from '#libs/runtime';
import { ExecutorError } from '../errors.js';
import type { ExecutorStore } from '../store/executor-store.js';

const RETRY_MS = 500;
const PORTS = { recover: recoverAddress };

/** A ledger and the cursor that belongs to its state. */
export interface OpenedLedger {
  ledger: Ledger;
  cursor: Cursor;
}

/**
 * The genesis of the store; a new store gets it from the sequencer, however long that takes.
 * @throws ExecutorError `STORE_FOREIGN` where the sequencer has another one, `ROLLUP_UNKNOWN`
 */
export async function openGenesis(
  store: ExecutorStore,
  source: ReplaySource,
  chainId: number,
  logger: Logger,
  signal: AbortSignal,
): Promise<Genesis> {
  const stored = await store.genesis();
  if (stored) {
    await assertSameGenesis(store, stored, source, chainId);
    return Genesis.deserialize(stored);
  }
  for (let said = ''; ;) {
    try {
      const genesis = await fetchGenesis(source, chainId);
      await assertRollup(genesis, source, chainId);
      await store.putGenesis(Genesis.serialize(genesis));
      return genesis;
    } catch (err) {
      if (err instanceof SliceError || err instanceof ExecutorError || signal.aborted) throw err;
      const reason = err instanceof Error ? err.message : String(err);
      if (reason !== said) logger.warn({ reason }, 'no genesis yet; asking until a sequencer answers');
      said = reason;
      await delay(RETRY_MS, undefined, { signal });
    }
  }
}

/** The ledger as it was stored, or as genesis makes it. @throws LedgerLoadError where the store is not of this log */
export async function openLedger(store: ExecutorStore, genesis: Genesis, chainId: number): Promise<OpenedLedger> {
  const position = await store.position();
  if (!position) {
    return { ledger: Ledger.fromGenesis(genesis, chainId, PORTS), cursor: genesisCursor(genesis, chainId) };
  }
  const ledger = Ledger.load(genesis, chainId, PORTS, position.meta, await store.records());
  return { ledger, cursor: deserializeCursor(position.cursor, ledger.registry) };
}

/** Compares the stored genesis with the first part of the sequencer's, where one answers; the feed is checked anyway. */
async function assertSameGenesis(
  { directory }: ExecutorStore,
  stored: Uint8Array,
  source: ReplaySource,
  chainId: number,
): Promise<void> {
  const answer = await source.replay(chainId, { from: 0, limit: 0, offset: 0 }).catch(() => null);
  if (!answer) return;
  const { genesisBytes, genesisPart } = answer;
  if (genesisBytes === stored.length && equalBytes(genesisPart, stored.subarray(0, genesisPart.length))) return;
  throw new ExecutorError(
    { code: 'STORE_FOREIGN', directory },
    `The store in ${directory} is of log ${bytesToHex(logId(Genesis.deserialize(stored)))}; the sequencer keeps another log.`,
    'Point NATS_URL at the network of this store, or set LOCKSTEP_DATA_DIR to another directory.',
  );
}

/** A rollup of genesis, or one that was registered since: then replay has slices of it, from block 1 on. */
async function assertRollup({ registry }: Genesis, source: ReplaySource, chainId: number): Promise<void> {
  if (findRollup(registry, chainId)) return;
  const { slices } = await source.replay(chainId, { from: 1, limit: 1, offset: 0 });
  if (slices.length > 0) return;
  const known = registry.rollups.map((rollup) => rollup.chainId).join(', ');
  throw new ExecutorError(
    { code: 'ROLLUP_UNKNOWN', chainId },
    `The log has no rollup ${chainId}; it began with ${known}, and none of this chain id was registered since.`,
    'Set EXECUTOR_CHAIN_ID to a rollup of the log, or register the rollup first: lockstep rollup register.',
  );
}
