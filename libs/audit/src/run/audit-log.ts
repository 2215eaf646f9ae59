import type { RecoverAddress } from '#libs/atomic-commit';
import type { RecoveryRecord } from '#libs/crypto';
import type { AuditReader } from '#libs/persistence';
import { bytesToHex, equalBytes, type Hex } from '#libs/protocol';
import { AuditState } from '../check/audit-state.js';
import { TablesCheck } from '../check/check-tables.js';
import { LogCheck, type OperationEntry } from '../check/log-check.js';
import { type ExecuteOptions, LogExecution } from '../execute/execute-log.js';
import type { AuditSource } from '../source/audit-source.js';
import { type Problem, Problems } from './problem.js';
import { SenderQueue } from './sender-queue.js';

/** Operations whose rows are compared by one query. */
const OPERATIONS_PAGE = 256;

export interface AuditOptions {
  source: AuditSource;
  /** The tables beside the log; none of a feed. */
  tables?: AuditReader;
  recover: RecoverAddress;
  /** Recovers many senders at once, in their order. */
  recoverSenders: (records: readonly RecoveryRecord[]) => Promise<readonly (Uint8Array | null)[]>;
  /** The first block that is audited; those before are read for what follows from them. Default 1. */
  from?: number;
  /** Whether the log is executed again. Default true. */
  execute?: boolean;
  onProgress?: (progress: AuditProgress) => void;
  /** Opens a rollup's ledger; the real one by default. */
  openLedger?: ExecuteOptions['openLedger'];
}

export interface AuditProgress {
  phase: 'verify' | 'execute';
  block: number;
  head: number;
  entries: number;
}

/** What an audit found. */
export interface AuditReport {
  ok: boolean;
  logId: Hex;
  from: number;
  /** The newest block when the audit began. */
  head: number;
  blocks: number;
  entries: number;
  transactions: number;
  operations: number;
  decisions: number;
  stateRoots: { stated: number; compared: number };
  executed: boolean;
  problemCount: number;
  /** How often each invariant and code was found. */
  counts: Record<string, number>;
  /** By their place in the log, the first thousand that were found. */
  problems: Problem[];
  seconds: { verify: number; execute: number };
}

/**
 * Audits a log: reads it twice as a stream, first for all that signatures, hashes and sequences say, then executing it.
 * Never throws for what is wrong with the log: that is what the report says.
 * @throws what the source throws
 */
export async function auditLog(options: AuditOptions): Promise<AuditReport> {
  const { source, tables, from = 1, onProgress = () => {} } = options;
  const startMs = performance.now();
  const tableHead = await tables?.head();
  const head = tableHead?.number ?? (await source.head());
  const { genesis, storedLogId } = await source.genesis();
  const problems = new Problems(from);
  const state = new AuditState(genesis, problems, options.recover, from);
  if (storedLogId && !equalBytes(storedLogId, state.logId)) {
    const [says, is] = [bytesToHex(storedLogId), bytesToHex(state.logId)];
    problems.add('I2 GENESIS', from, `genesis is stored as log ${says}; its root is ${is}`);
  }
  const check = new LogCheck(state);
  const tablesCheck = tables ? new TablesCheck(tables, state) : null;
  const senders = new SenderQueue(check.transactions, options.recoverSenders);
  const counted = { blocks: 0, entries: 0 };
  let found: OperationEntry[] = [];
  const rollups = (): number[] => state.nextRegistry.rollups.map(({ chainId }) => chainId);
  for await (const block of source.blocks(head, rollups)) {
    for (const one of check.check(block)) found.push(one);
    tablesCheck?.see(block);
    counted.blocks += 1;
    counted.entries += block.entries.length;
    await senders.advance();
    if (found.length >= OPERATIONS_PAGE) {
      await tablesCheck?.compare(found);
      found = [];
    }
    onProgress({ phase: 'verify', block: block.number, head, entries: counted.entries });
  }
  await senders.finish();
  await tablesCheck?.compare(found);
  check.end();
  if (counted.blocks < head && from <= head) {
    problems.add('I2 BLOCKS_MISSING', head, `the log has ${counted.blocks} blocks up to ${head}`);
  }
  if (tableHead) await tablesCheck?.end(tableHead);
  const verifiedMs = performance.now();
  const { statedRoots } = check.signed;
  const execution =
    options.execute === false ? null : await execute(options, { state, problems, statedRoots, head, onProgress });
  const stated = [...statedRoots.values()].reduce((sum, roots) => sum + roots.length, 0);
  const { transactions, operations } = check;
  return {
    ok: problems.total === 0,
    logId: bytesToHex(state.logId),
    from,
    head,
    ...counted,
    transactions: transactions.count,
    operations: operations.prepared,
    decisions: operations.decided,
    stateRoots: { stated, compared: execution?.rootsCompared ?? 0 },
    executed: execution !== null,
    problemCount: problems.total,
    counts: Object.fromEntries([...problems.counts].sort()),
    problems: problems.sorted(),
    seconds: { verify: (verifiedMs - startMs) / 1000, execute: (performance.now() - verifiedMs) / 1000 },
  };
}

async function execute(
  { source, recover, openLedger }: AuditOptions,
  context: {
    state: AuditState;
    problems: Problems;
    statedRoots: ExecuteOptions['statedRoots'];
    head: number;
    onProgress: (progress: AuditProgress) => void;
  },
): Promise<LogExecution | null> {
  const { state, problems, statedRoots, head, onProgress } = context;
  const { genesis } = state;
  const chainIds = state.nextRegistry.rollups.map(({ chainId }) => chainId);
  let execution: LogExecution;
  try {
    const ports = { genesis, chainIds, statedRoots, recover, problems };
    execution = new LogExecution(openLedger ? { ...ports, openLedger } : ports);
  } catch (error) {
    problems.add('I19 GENESIS', Math.max(1, state.from), `no ledger starts from genesis: ${(error as Error).message}`);
    return null;
  }
  let entries = 0;
  const rollupsOf = (number: number): number[] => state.registryAt(number).rollups.map(({ chainId }) => chainId);
  let next = 1;
  for await (const block of source.blocks(head, () => rollupsOf(next))) {
    execution.apply(block);
    if (execution.stoppedAt !== null) break;
    next = block.number + 1;
    entries += block.entries.length;
    onProgress({ phase: 'execute', block: block.number, head, entries });
  }
  return execution;
}
