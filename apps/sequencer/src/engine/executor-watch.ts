import { bytesToHex, findRollup, type Registry } from '#libs/protocol';

/** What an executor says of itself once a second on `status.<chainId>`. Unknown fields are kept for the admin API. */
export interface ExecutorStatus {
  chainId: number;
  role: 'voting' | 'replica';
  key: string;
  number: number;
  state: string;
}

/** Which executors of the registry are there: an operation is refused when a participant's voting executor has been silent too long. */
export class ExecutorWatch {
  private readonly seenAtMs = new Map<number, number>();
  private readonly latest = new Map<string, ExecutorStatus>();
  private countedFromMs: number;

  /** @param registry in force now: a status counts only under a key that it lists */
  constructor(
    private readonly silentMs: number,
    nowMs: number,
    private readonly registry: () => Registry,
  ) {
    this.countedFromMs = nowMs;
  }

  /** A new epoch: silence is counted anew, since statuses sent before were not for us. */
  countAnew(nowMs: number): void {
    this.countedFromMs = nowMs;
  }

  /** Takes in a status; one under a key that the registry does not list for its rollup and role changes nothing. */
  seen(status: ExecutorStatus, nowMs: number): void {
    if (!this.isListed(status)) return;
    this.latest.set(`${status.chainId}:${status.key.toLowerCase()}`, status);
    if (status.role === 'voting') this.seenAtMs.set(status.chainId, nowMs);
  }

  /** The participants whose voting executor has been silent for too long. */
  silentAmong(chainIds: readonly number[], nowMs: number): number[] {
    return this.silences(chainIds, nowMs).flatMap(([chainId, ms]) => (ms > this.silentMs ? [chainId] : []));
  }

  /** How long each rollup's voting executor has been silent, in ms; counted anew from a takeover. */
  silences(chainIds: readonly number[], nowMs: number): [chainId: number, silentMs: number][] {
    return chainIds.map((chainId) => {
      const seenAtMs = Math.max(this.seenAtMs.get(chainId) ?? -Infinity, this.countedFromMs);
      return [chainId, nowMs - seenAtMs];
    });
  }

  /** The newest status of each executor whose key the registry lists. */
  statuses(): ExecutorStatus[] {
    for (const [id, status] of this.latest) if (!this.isListed(status)) this.latest.delete(id);
    return [...this.latest.values()];
  }

  private isListed({ chainId, role, key }: ExecutorStatus): boolean {
    const rollup = findRollup(this.registry(), chainId);
    const keys = rollup ? (role === 'voting' ? [rollup.votingKey] : rollup.replicaKeys) : [];
    return keys.some((listed) => bytesToHex(listed) === key.toLowerCase());
  }
}
