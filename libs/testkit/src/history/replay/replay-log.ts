import { Conservation } from '#libs/audit';
import { LedgerHaltError } from '#libs/options';
import { EntryKind } from '#libs/protocol';
import type { CheckContext } from '../check-context.js';
import type { ExecutorState } from '../history.js';
import { type InvariantId, INVARIANTS } from '../invariants.js';
import type { IndexedBlock, LogIndex } from '../log-index.js';
import { ClearingCheck } from './clearing-check.js';
import { Execution, heightKey, type ReplayStop } from './execution.js';
import { RollupReplay } from './rollup-replay.js';
import { OperationTracker } from './track-operations.js';

/**
 * Executes the log again from genesis: one ledger for each rollup, all at the same height, watched by independent books.
 * Ends early where the log breaks a rule that no ledger passes over; `stopped` then says which.
 */
export function replayLog(context: Omit<CheckContext, 'execution'>): Execution {
  const { index, options, history } = context;
  const { genesis } = history.log;
  const execution = new Execution();
  const rollups: RollupReplay[] = [];
  const { rollups: registered } = index.blocks.at(-1)?.registry ?? genesis.registry;
  for (const { chainId } of registered) {
    try {
      const ledger = options.openLedger(genesis, chainId, context.recover);
      rollups.push(new RollupReplay(chainId, genesis, ledger, execution));
    } catch (error) {
      execution.stopped = stopOf(error, chainId, null);
      return execution;
    }
  }
  const wanted = wantedHeights(index, history.executors ?? []);
  const conserved = execution.tally('I19');
  const conservation = new Conservation(genesis, ({ message, blockNumber, sequence }) => {
    const entries = index.byNumber.get(blockNumber)?.entries.map(({ entry }) => entry) ?? [];
    conserved.fail(message, { blockNumber, entries: entries.filter((entry) => entry.sequence === sequence) });
  });
  const endBlock = (blockNumber: number): void => {
    conserved.look();
    conservation.endBlock(
      blockNumber,
      rollups.map(({ stated }) => stated.totals),
    );
  };
  const operations = new OperationTracker(index, execution);
  const clearing = new ClearingCheck(genesis.prepareMsMax, execution);
  endBlock(0);
  note(rollups, 0, wanted);
  for (const block of index.blocks) {
    execution.stopped = applyBlock(block, execution.height + 1, rollups, (rollup) => {
      const result = rollup.apply(block);
      rollup.audit(block, result);
      for (const event of result.operationEvents) {
        conservation.see(block.registry, event);
        if (event.type !== 'cleared') operations.see(block, rollup.chainId, event);
      }
    });
    if (execution.stopped) return execution;
    endBlock(block.number);
    operations.endBlock(block);
    clearing.endBlock(block, rollups);
    execution.height = block.number;
    note(rollups, block.number, wanted);
  }
  if (options.atRest) operations.endAtRest();
  return execution;
}

function applyBlock(
  block: IndexedBlock,
  due: number,
  rollups: readonly RollupReplay[],
  apply: (rollup: RollupReplay) => void,
): ReplayStop | null {
  const blockNumber = block.number;
  if (blockNumber !== due) {
    return { chainId: 0, blockNumber, invariant: 'I2', message: `block ${blockNumber} stands where ${due} is due` };
  }
  for (const rollup of rollups) {
    try {
      apply(rollup);
    } catch (error) {
      return stopOf(error, rollup.chainId, block);
    }
  }
  return null;
}

interface Wanted {
  roots: Set<string>;
  totals: Set<string>;
}

/** Heights of which somebody states something: only there roots are computed and totals kept. */
function wantedHeights(index: LogIndex, executors: readonly ExecutorState[]): Wanted {
  const wanted: Wanted = { roots: new Set(), totals: new Set() };
  for (const { signed } of index.roots) wanted.roots.add(heightKey(signed.stateRoot.chainId, signed.stateRoot.number));
  for (const { chainId, number, stateRoot, totals, longs, shorts } of executors) {
    if (stateRoot !== undefined) wanted.roots.add(heightKey(chainId, number));
    if (totals ?? longs ?? shorts) wanted.totals.add(heightKey(chainId, number));
  }
  return wanted;
}

function note(rollups: readonly RollupReplay[], number: number, { roots, totals }: Wanted): void {
  for (const rollup of rollups) {
    const key = heightKey(rollup.chainId, number);
    rollup.note(number, { root: roots.has(key), totals: totals.has(key) });
  }
}

/** Which invariant a ledger's halt or failed assertion names; I15 where it names none: the state follows from nothing. */
function stopOf(error: unknown, chainId: number, block: IndexedBlock | null): ReplayStop {
  const message = error instanceof Error ? error.message : String(error);
  const named = /^(I\d+):/.exec(message)?.[1];
  let invariant: InvariantId = named !== undefined && named in INVARIANTS ? (named as InvariantId) : 'I15';
  if (error instanceof LedgerHaltError) {
    switch (error.code) {
      case 'HALT_PRICE':
      case 'HALT_REGISTRY_CHANGE':
        invariant = 'I8';
        break;
      case 'HALT_ENTRY_UNREADABLE':
        invariant = kindAt(block, error.type.sequence) === EntryKind.TRANSACTION ? 'I31' : 'I8';
        break;
      default:
        break;
    }
  }
  const blockNumber = block?.number ?? 0;
  return { chainId, blockNumber, invariant, message: `the ledger of ${chainId} stops: ${message}` };
}

function kindAt(block: IndexedBlock | null, sequence: bigint): EntryKind | undefined {
  return block?.entries.find(({ entry }) => entry.sequence === sequence)?.entry.kind;
}

/** A stop in words, for what could not be looked at because of it. */
export const describeStop = ({ blockNumber }: ReplayStop): string => `replayed up to block ${blockNumber - 1} only`;
