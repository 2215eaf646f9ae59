import type { RecoverAddress, VoteReceipt } from '#libs/atomic-commit';
import type { NewEntry } from '#libs/ordering';
import { DIFFERING_ROOTS } from '#libs/persistence';
import { bytesToHex, findRollup, type Registry, type SignedVote } from '#libs/protocol';
import type { SequencerMetrics } from '#libs/runtime';
import type { IncidentDesk } from './incident-desk.js';
import type { LogState } from './log-state.js';
import { type Dispute, RootDisputes } from './root-disputes.js';
import { type DifferingRoots, StateRootDesk } from './state-root-desk.js';
import { VoteArrivals } from './vote-arrivals.js';

export interface ExecutorStatementsModules {
  logId: Uint8Array;
  recover: RecoverAddress;
  /** Whether an entry with this id is in the log. */
  isInLog: (id: Uint8Array) => Promise<boolean>;
  /** What this node has read of the log. */
  state: () => LogState;
  incidents: Pick<IncidentDesk, 'report'>;
  votes: SequencerMetrics['relay']['votes'];
  wallMs: () => number;
}

/** What executors and their replicas say, votes and state roots: counted, compared, and told as incidents where wrong. */
export class ExecutorStatements {
  readonly arrivals = new VoteArrivals();
  private readonly disputes = new RootDisputes();
  private readonly roots: StateRootDesk;

  constructor(private readonly modules: ExecutorStatementsModules) {
    const { logId, recover, isInLog } = modules;
    this.roots = new StateRootDesk({
      logId,
      recover,
      isInLog,
      onDiffering: (differing) => this.onDiffering(differing),
    });
  }

  /** A term begins and the log has been read. @param known disputes that the incidents tell of */
  async begin(known: readonly Dispute[]): Promise<void> {
    await this.roots.begin();
    for (const dispute of known) this.disputes.add(dispute);
  }

  /** A vote that the term in office has received. */
  voteReceived({ vote }: SignedVote, receipt: VoteReceipt): void {
    const { incidents, votes, state, wallMs } = this.modules;
    const { chainId, operationId } = vote;
    const voter = findRollup(state().registry, chainId) ? String(chainId) : 'unknown';
    votes.inc({ chain_id: voter, result: receipt.status });
    if (receipt.status === 'counted') this.arrivals.add(vote, wallMs());
    const detail = { chainId, operationId: bytesToHex(operationId) };
    if (receipt.status === 'refused') incidents.report('refused_vote', { ...detail, fault: receipt.fault });
    else if (receipt.status === 'conflicting') incidents.report('conflicting_votes', detail);
  }

  /** @param bytes SSZ of a `SignedStateRoot` */
  rootReceived(bytes: Uint8Array): void {
    const { rollupKeys, tip } = this.modules.state();
    this.roots.receive(bytes, rollupKeys, tip.number);
  }

  /** State roots that wait for the next block. */
  waitingRoots(): NewEntry[] {
    return this.roots.entries();
  }

  /** These roots are durable. */
  rootsPlaced(entries: readonly NewEntry[]): void {
    if (entries.length > 0) this.roots.placed(entries);
  }

  /** Those of these rollups whose differing roots stop their prepares. */
  disputedAmong(chainIds: readonly number[]): number[] {
    return this.disputes.among(chainIds, this.modules.state());
  }

  /** Of all rollups of the registry. */
  disputed({ rollups }: Registry): number[] {
    return this.disputedAmong(rollups.map(({ chainId }) => chainId));
  }

  /** No new prepares for that rollup; the incident tells the next leader. */
  private onDiffering({ chainId, number, isSameKey, first, second }: DifferingRoots): void {
    const { state, incidents } = this.modules;
    const logTimeMs = state().tip.timestampMs;
    this.disputes.add({ chainId, logTimeMs });
    const roots = [first, second].map(({ stateRoot, signature }) => {
      return { root: bytesToHex(stateRoot.root), signature: bytesToHex(signature) };
    });
    const detail = { chainId, number, logTimeMs, isSameKey, roots };
    incidents.report(DIFFERING_ROOTS, detail, `${DIFFERING_ROOTS} ${chainId}`);
  }
}
