import { answerReplay } from '#libs/messaging';
import type { BlockRow, EvidenceReader, LogReader } from '#libs/persistence';
import {
  type Certificate,
  entryBody,
  EntryKind,
  equalBytes,
  type Genesis,
  type Intent,
  type ProvedEntry,
  type Registry,
  type RegistryExport,
} from '#libs/protocol';
import type { OperationReceipt } from './engine/operation-desk.js';
import type { Sequencer } from './engine/sequencer.js';
import type { TransactionResult } from './engine/transaction-candidate.js';
import type { ExecutorReads } from './executor-reads.js';
import { LeaderClient } from './leader-client.js';
import type { LoggedTransaction, OperationView, RollupBlock, RpcBackend } from './rpc/rpc-backend.js';

/** What JSON-RPC asks for, from the engine, the log and the executors. */
export class SequencerRpcBackend implements RpcBackend {
  private readonly reader: LogReader;
  private readonly evidence: EvidenceReader;

  constructor(
    private readonly sequencer: Sequencer,
    private readonly executors: ExecutorReads,
  ) {
    this.reader = sequencer.reader;
    this.evidence = sequencer.evidence;
  }

  genesis(): Genesis {
    return this.sequencer.genesis;
  }

  registry(): Registry {
    return this.sequencer.registry();
  }

  head(): { number: number; hash: Uint8Array; timestampMs: number } {
    return this.sequencer.tip();
  }

  async submitTransactions(chainId: number, raws: readonly Uint8Array[]): Promise<TransactionResult[]> {
    const leader = await this.leader();
    return leader?.submitTransactions(chainId, raws) ?? this.sequencer.transactions.submit(chainId, raws);
  }

  async nextNonce(chainId: number, sender: Uint8Array): Promise<bigint> {
    const leader = await this.leader();
    return leader?.nextNonce(chainId, sender) ?? this.sequencer.transactions.nextNonce(chainId, sender);
  }

  async submitOperation(intent: Intent, signatures: Uint8Array[]): Promise<OperationReceipt> {
    const leader = await this.leader();
    const [rollup] = this.registry().rollups;
    const forwarded = rollup && leader?.submitOperation(rollup.chainId, intent, signatures);
    return forwarded ?? this.sequencer.operations.submit(intent, signatures);
  }

  operation(id: Uint8Array): Promise<OperationView | null> {
    return this.sequencer.queries.view(id);
  }

  certificate(id: Uint8Array): Promise<Certificate | null> {
    return this.evidence.certificate(id);
  }

  preconfirmation(transactionHash: Uint8Array): Promise<ProvedEntry | null> {
    return this.evidence.preconfirmation(transactionHash);
  }

  registries(blocks: readonly number[]): Promise<RegistryExport> {
    return this.evidence.registries(blocks);
  }

  async block(chainId: number, number: number): Promise<RollupBlock | null> {
    return this.rollupBlock(chainId, await this.reader.block(number));
  }

  async blockByHash(chainId: number, hash: Uint8Array): Promise<RollupBlock | null> {
    return this.rollupBlock(chainId, await this.reader.blockByHash(hash));
  }

  async transaction(chainId: number, hash: Uint8Array): Promise<LoggedTransaction | null> {
    const entry = await this.reader.entryById(hash);
    if (!entry || entry.kind !== EntryKind.TRANSACTION || entry.lane !== chainId) return null;
    const block = await this.block(chainId, entry.blockNumber);
    return block?.transactions.find((transaction) => equalBytes(transaction.hash, hash)) ?? null;
  }

  readExecutor(chainId: number, method: string, params: unknown, timeoutMs?: number): Promise<unknown> {
    return this.executors.read(chainId, method, params, timeoutMs);
  }

  replay(chainId: number, request: { from: number; limit: number; offset: number }): Promise<Uint8Array> {
    return answerReplay(this.sequencer.slices, chainId, request);
  }

  /** The leader to forward submissions to; null when this node leads, or nobody does. */
  private async leader(): Promise<LeaderClient | null> {
    const url = await this.sequencer.findLeader();
    return url === null ? null : new LeaderClient(url);
  }

  private async rollupBlock(chainId: number, row: BlockRow | undefined): Promise<RollupBlock | null> {
    if (!row) return null;
    const { header, hash } = row;
    const entries = await this.reader.entriesOfBlock(header.number, chainId);
    const transactions = entries
      .filter(({ kind }) => kind === EntryKind.TRANSACTION)
      .map(({ id, bytes, sender }, index): LoggedTransaction => {
        const raw = entryBody(bytes);
        return {
          hash: id,
          raw,
          sender: sender ?? new Uint8Array(20),
          blockNumber: header.number,
          blockHash: hash,
          index,
        };
      });
    return { header, hash, transactions };
  }
}
