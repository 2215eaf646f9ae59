import type { NewEntry } from '#libs/ordering';
import { entryBody, EntryKind } from '#libs/protocol';
import { buildBlock, type BuiltBlock } from '../block-builder.js';
import type { IntakeQueue } from '../intake-queue.js';
import type { LogState } from '../log-state.js';
import { SilentLogger } from './silent-logger.js';
import { SEQUENCER_KEY } from './world.js';

/** Builds the next block from what waits, as the block loop does. */
export function build(
  state: LogState,
  queue: IntakeQueue,
  {
    timestampMs = state.tip.timestampMs,
    candidatesMax = 1_000,
    roots = [] as NewEntry[],
    log = new SilentLogger(),
  } = {},
): BuiltBlock {
  return buildBlock(state, queue, roots, {
    timestampMs,
    epoch: 1,
    leader: SEQUENCER_KEY,
    candidatesMax,
    logger: log.port,
  });
}

/** Takes a block into the state and tells its candidates, as the block loop does once it is durable. */
export function settle(state: LogState, { sealed, placed, extras }: BuiltBlock): void {
  state.tip = sealed.nextTip;
  state.applyAudits(extras.audits ?? []);
  state.apply(sealed.entries, sealed.nextTip);
  for (const { candidate, sequence } of placed) {
    candidate.durable(
      sequence === null ? null : sealed.entries[Number(sequence - sealed.header.firstSequence)]!,
      sealed,
    );
  }
}

/** The kinds of a block's entries, in the order of their sequence. */
export const kindsOf = ({ sealed }: BuiltBlock): string[] => sealed.entries.map(({ kind }) => EntryKind[kind]);

/** The bodies of a block's entries of one kind. */
export const bodiesOf = ({ sealed }: BuiltBlock, kind: EntryKind): Uint8Array[] =>
  sealed.entries.filter((entry) => entry.kind === kind).map(({ bytes }) => entryBody(bytes));
