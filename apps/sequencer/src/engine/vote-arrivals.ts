import { bytesToHex, type SignedVote } from '#libs/protocol';

/** When the vote of a rollup reached this leader, wall time in ms. */
export interface VoteArrival {
  chainId: number;
  atMs: number;
}

const OPERATIONS_MAX = 4_096;

/** When votes came in, of the newest operations: for people. It is in no block, and a takeover forgets it. */
export class VoteArrivals {
  /** By operation id, in the order of their first votes. */
  private readonly operations = new Map<string, VoteArrival[]>();

  constructor(private readonly operationsMax = OPERATIONS_MAX) {}

  /** A vote counted. */
  add({ operationId, chainId }: SignedVote['vote'], atMs: number): void {
    const id = bytesToHex(operationId);
    const arrivals = this.operations.get(id);
    if (arrivals) {
      arrivals.push({ chainId, atMs });
      return;
    }
    const [oldest] = this.operations.keys();
    if (this.operations.size >= this.operationsMax && oldest !== undefined) this.operations.delete(oldest);
    this.operations.set(id, [{ chainId, atMs }]);
  }

  /** Of an operation, in the order of arrival; none when it is not known, or not any more. */
  of(operationId: Uint8Array): readonly VoteArrival[] {
    return this.operations.get(bytesToHex(operationId)) ?? [];
  }
}
