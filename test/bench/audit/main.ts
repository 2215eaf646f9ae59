import { availableParallelism, loadavg } from 'node:os';
import { AUDIT_WORKER_BATCHES_MAX, auditLog, type AuditedBlock, type AuditSource, checkLanes } from '#libs/audit';
import { LocalSigner, recoverAddress, type RecoveryRecord, SenderRecoveryPool } from '#libs/crypto';
import { testGenesis, testPrivateKey, testSigner } from '#libs/executor-sdk';
import { BlockDraft, type NewEntry, type Tip } from '#libs/ordering';
import {
  bytesToHex,
  commitmentDigest,
  decodeTransaction,
  encodeEntry,
  EntryKind,
  entryBody,
  entryId,
  hexToBytes,
  logId,
} from '#libs/protocol';
import { serializeTransaction } from 'viem';

// What an audit takes of this machine, in two ratios that do not depend on it: hashes, sequences and proofs by
// themselves, and senders beside all other checks against what the same workers recover with nothing else to do.

const BLOCKS = 160;
const ENTRIES = 500;
const WORKERS = 2;

const genesis = testGenesis();
const leader = testSigner('sequencer');
const chainIds = genesis.registry.rollups.map(({ chainId }) => chainId);

/** Transfers of one account on each rollup, in blocks of {@link ENTRIES}. */
function buildLog(): AuditedBlock[] {
  const blocks: AuditedBlock[] = [];
  let tip: Tip = {
    number: 0,
    hash: logId(genesis),
    timestampMs: genesis.startTimeMs,
    nextSequence: 1n,
    nextLaneSequences: new Map(),
  };
  let nonce = 0;
  for (let number = 1; number <= BLOCKS; number++) {
    const draft = new BlockDraft(tip, genesis.registry, tip.timestampMs + 100, logId(genesis));
    for (let count = 0; count < ENTRIES; count += chainIds.length, nonce++) {
      for (const chainId of chainIds) draft.add(transfer(chainId, nonce));
    }
    const { header, hash, lanes, entries, nextTip } = draft.seal(1, leader.address);
    blocks.push({
      number,
      header,
      signature: leader.sign(commitmentDigest(header.logId, 'header', hash)),
      lanes: lanes.map((lane) => ({ ...lane, entryCount: lane.entries.length, proof: null })),
      entries: entries.map(({ kind, id, nonce: stated, ...entry }) => {
        return { ...entry, stored: { blockNumber: number, kind, id, nonce: stated } };
      }),
      stored: null,
      faults: [],
    });
    tip = nextTip;
  }
  return blocks;
}

const sender = new LocalSigner(testPrivateKey('bench'));

function transfer(chainId: number, nonce: number): NewEntry {
  const fields = { chainId, nonce, to: bytesToHex(sender.address), value: 1n, gas: 21_000n } as const;
  const unsigned = { ...fields, type: 'eip1559', maxFeePerGas: 1n, maxPriorityFeePerGas: 1n } as const;
  const raw = hexToBytes(serializeTransaction(unsigned, { r: PLACEHOLDER, s: PLACEHOLDER, yParity: 0 }));
  const signature = sender.sign(decodeTransaction(raw).signingHash);
  const signed = serializeTransaction(unsigned, {
    r: bytesToHex(signature.subarray(0, 32)),
    s: bytesToHex(signature.subarray(32, 64)),
    yParity: signature[64]! - 27,
  });
  const bytes = encodeEntry(EntryKind.TRANSACTION, hexToBytes(signed));
  const { address } = sender;
  return {
    kind: EntryKind.TRANSACTION,
    lane: chainId,
    id: entryId(bytes),
    sender: address,
    nonce: BigInt(nonce),
    bytes,
  };
}
const PLACEHOLDER = `0x${'11'.repeat(32)}` as const;

const sourceOf = (blocks: readonly AuditedBlock[]): AuditSource => ({
  genesis: () => Promise.resolve({ genesis, storedLogId: null }),
  head: () => Promise.resolve(blocks.length),
  async *blocks() {
    for (const block of blocks) yield Promise.resolve(block);
  },
});

/**
 * Hashes, sequences and proofs alone: whatever a lane root, a leaf or a header needs, and no transaction decoded. By the
 * clock, and by the CPU time of the one thread that does it, where what else runs on the machine does not count.
 */
function hashRates(blocks: readonly AuditedBlock[]): { wall: number; cpu: number } {
  const entries = BLOCKS * blocks[0]!.entries.length;
  const used = process.cpuUsage();
  const startMs = performance.now();
  const problems = checkLanes(genesis, blocks);
  const wall = rateSince(startMs, blocks);
  const { user, system } = process.cpuUsage(used);
  if (problems > 0) throw new Error(`the bench's own log has ${problems} problems`);
  return { wall, cpu: entries / ((user + system) / 1e6) };
}

async function senderRate(blocks: readonly AuditedBlock[], pool: SenderRecoveryPool): Promise<number> {
  const startMs = performance.now();
  const report = await auditLog({
    source: sourceOf(blocks),
    recover: recoverAddress,
    recoverSenders: (records) => pool.recover(records),
    execute: false,
  });
  if (!report.ok) throw new Error(JSON.stringify(report.counts));
  return rateSince(startMs, blocks);
}

/** What the workers recover with records at hand. */
async function rawRate(blocks: readonly AuditedBlock[], pool: SenderRecoveryPool): Promise<number> {
  const records: RecoveryRecord[] = blocks.flatMap(({ entries }) =>
    entries.map(({ bytes }) => decodeTransaction(entryBody(bytes))),
  );
  const startMs = performance.now();
  for (let from = 0; from < records.length; from += 12_288) {
    const parts = [0, 1, 2, 3, 4, 5].map((part) =>
      records.slice(from + part * 2_048, Math.min(from + 12_288, from + (part + 1) * 2_048)),
    );
    await Promise.all(parts.map((part) => pool.recover(part)));
  }
  return rateSince(startMs, blocks);
}

const rateSince = (startMs: number, blocks: readonly AuditedBlock[]): number =>
  blocks.reduce((sum, { entries }) => sum + entries.length, 0) / ((performance.now() - startMs) / 1000);

const median = (values: number[]): number => values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)]!;

const print = (line: string): void => void process.stdout.write(`${line}\n`);
const show = (rate: number): string => Math.round(rate).toLocaleString('en-US').padStart(9);

const blocks = buildLog();
const pool = new SenderRecoveryPool({ workers: WORKERS, workerBatchesMax: AUDIT_WORKER_BATCHES_MAX }, {});
try {
  await rawRate(blocks, pool);
  const hashes: { wall: number; cpu: number }[] = [];
  const raw: number[] = [];
  const audited: number[] = [];
  for (let turn = 0; turn < 5; turn++) {
    hashes.push(hashRates(blocks));
    raw.push(await rawRate(blocks, pool));
    audited.push(await senderRate(blocks, pool));
  }
  const ratios = audited.map((rate, turn) => rate / raw[turn]!);
  const ratio = median(ratios);
  print(
    `${BLOCKS * ENTRIES} entries in ${BLOCKS} blocks, ${availableParallelism()} cores, load ${loadavg()[0]!.toFixed(1)}, medians of 5`,
  );
  const of = (by: 'wall' | 'cpu'): string => show(median(hashes.map((rates) => rates[by])));
  print(`hashes, sequences, proofs   ${of('wall')} entries/s, one thread (${of('cpu').trim()} by CPU time)`);
  print(`${WORKERS} workers alone             ${show(median(raw))} senders/s`);
  print(`audit with senders          ${show(median(audited))} entries/s`);
  print(
    `ratio of the last two       ${ratio.toFixed(2)} (each turn: ${ratios.map((one) => one.toFixed(2)).join(', ')})`,
  );
} finally {
  await pool.close();
}
