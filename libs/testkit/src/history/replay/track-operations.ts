import type { OperationEvent } from '#libs/options';
import { bytesToHex, equalBytes, type Hex, type Leg, LegAccount, OperationKind, Outcome } from '#libs/protocol';
import type { IndexedBlock, LogIndex } from '../log-index.js';
import { isHold } from './books.js';
import type { Execution } from './execution.js';

type Ending = 'posted' | 'voided' | 'expired';
type OfOperation = Exclude<OperationEvent, { type: 'cleared' }>;

interface Tracked {
  /** Own legs of each rollup that holds something. */
  open: Map<number, Leg[]>;
  endings: Map<number, Ending>;
}

/**
 * Watches the holds of all rollups. Of one rollup and operation:
 *
 * ```
 *  held ──► posted | voided | expired        exactly one of them (I20)
 * ```
 * and over all rollups of one operation: all post what PREPARE says, or none posts anything (I18, I21); what is given
 * back is what was held (I25); what is held of a position is counted for I22.
 */
export class OperationTracker {
  private readonly operations = new Map<Hex, Tracked>();

  constructor(
    private readonly index: LogIndex,
    private readonly execution: Execution,
  ) {}

  /** An event on one rollup. */
  see(block: IndexedBlock, chainId: number, event: OfOperation): void {
    const operationId = bytesToHex(event.operationId);
    switch (event.type) {
      case 'held':
        this.hold(block, chainId, operationId, event.legs);
        return;
      case 'posted':
      case 'voided':
      case 'expired':
        this.end(block, chainId, operationId, event);
        return;
      case 'observed':
      case 'refused':
      case 'recorded':
        return;
    }
  }

  /** All rollups have applied the block: looks at the operations that it decides. */
  endBlock(block: IndexedBlock): void {
    for (const { operationId, decision } of this.decisionsIn(block)) {
      const prepare = this.index.operations.get(operationId)?.prepares[0];
      if (!prepare) continue;
      const endings = this.operations.get(operationId)?.endings ?? new Map<number, Ending>();
      const isCommit = decision.outcome === (Outcome.commit as number);
      const { participants, intent } = prepare.prepare;
      const wrong = isCommit
        ? participants.filter((chainId) => endings.get(chainId) !== 'posted')
        : [...endings].filter(([, ending]) => ending === 'posted').map(([chainId]) => chainId);
      const what = isCommit ? 'is committed, but not posted' : 'is aborted, but posted';
      const concerned = this.concerned(block, operationId);
      this.execution
        .tally('I18')
        .expect(wrong.length === 0, () => `${operationId} ${what} on ${wrong.join(', ')}`, concerned);
      if (intent.selector === OperationKind.exercise) {
        const paid = isCommit || wrong.length === 0;
        this.execution
          .tally('I21')
          .expect(paid, () => `aborted exercise ${operationId} moved something on ${wrong.join(', ')}`, concerned);
      }
    }
  }

  /** The history ends at rest: nothing may be held any more. */
  endAtRest(): void {
    for (const [operationId, { open }] of this.operations) {
      if (open.size === 0) continue;
      const chains = [...open.keys()].join(', ');
      this.execution.tally('I20').fail(`${operationId} still holds something on ${chains} at rest`);
    }
  }

  private hold(block: IndexedBlock, chainId: number, operationId: Hex, legs: Leg[]): void {
    const tracked = this.tracked(operationId);
    const again = tracked.open.has(chainId) || tracked.endings.has(chainId);
    this.execution
      .tally('I20')
      .expect(!again, () => `${operationId} is held twice on ${chainId}`, this.concerned(block, operationId));
    tracked.open.set(chainId, legs);
    const positions = legs.filter((leg) => isHold(leg) && leg.account === (LegAccount.position as number));
    this.execution.tally('I22').look(positions.length);
  }

  private end(
    block: IndexedBlock,
    chainId: number,
    operationId: Hex,
    { type, legs }: Extract<OfOperation, { type: Ending }>,
  ): void {
    const tracked = this.tracked(operationId);
    const held = tracked.open.get(chainId);
    const concerned = this.concerned(block, operationId);
    if (!held) {
      const before = tracked.endings.get(chainId) ?? 'never held';
      this.execution.tally('I20').fail(`${operationId} is ${type} on ${chainId}, but was ${before} before`, concerned);
    }
    tracked.open.delete(chainId);
    tracked.endings.set(chainId, type);
    if (type === 'posted') {
      this.comparePosted(chainId, operationId, held ?? [], legs, concerned);
    } else {
      const message = () => `${operationId} gives back other holds on ${chainId} than it had`;
      this.execution.tally('I25').expect(sameLegs(held ?? [], legs), message, concerned);
    }
    const all = [...tracked.endings.values()];
    if (all.includes('posted') && all.some((ending) => ending !== 'posted')) {
      const shown = [...tracked.endings].map(([chain, ending]) => `${ending} on ${chain}`).join(', ');
      this.execution.tally('I18').fail(`${operationId} is ${shown}`, concerned);
    }
  }

  private comparePosted(
    chainId: number,
    operationId: Hex,
    held: Leg[],
    posted: Leg[],
    concerned: ReturnType<OperationTracker['concerned']>,
  ): void {
    const prepare = this.index.operations.get(operationId)?.prepares[0]?.prepare;
    const due = prepare?.legs.filter((leg) => leg.chainId === chainId) ?? [];
    if (!sameLegs(held.filter(isHold), posted.filter(isHold))) {
      this.execution.tally('I20').fail(`${operationId} posts other amounts on ${chainId} than it held`, concerned);
    }
    if (prepare?.intent.selector !== OperationKind.exercise || sameLegs(due, posted)) return;
    this.execution.tally('I21').fail(`exercise ${operationId} moves on ${chainId} what was not prepared`, concerned);
  }

  private decisionsIn(block: IndexedBlock) {
    return block.entries.flatMap(({ id }) => this.decisionsById.get(id) ?? []);
  }

  private readonly decisionsById = new Map(this.indexedDecisions());

  private *indexedDecisions(): Iterable<[Hex, LogIndex['decisions'][number]]> {
    for (const decision of this.index.decisions) yield [decision.id, decision];
  }

  private tracked(operationId: Hex): Tracked {
    let tracked = this.operations.get(operationId);
    if (!tracked) this.operations.set(operationId, (tracked = { open: new Map(), endings: new Map() }));
    return tracked;
  }

  private concerned(block: IndexedBlock, operationId: Hex) {
    const { prepares = [], decisions = [] } = this.index.operations.get(operationId) ?? {};
    return { blockNumber: block.number, entries: [...prepares, ...decisions].map(({ entry }) => entry) };
  }
}

function sameLegs(a: readonly Leg[], b: readonly Leg[]): boolean {
  return a.length === b.length && a.every((leg, place) => isSameLeg(leg, b[place]!));
}

function isSameLeg(a: Leg, b: Leg): boolean {
  const { direction, account, owner, subject, backer, amount } = b;
  if (a.direction !== direction || a.account !== account || a.amount !== amount) return false;
  return equalBytes(a.owner, owner) && equalBytes(a.subject, subject) && equalBytes(a.backer, backer);
}
