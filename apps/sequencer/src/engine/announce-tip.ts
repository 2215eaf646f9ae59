import type { OutgoingSlice } from '#libs/messaging';
import type { LogReader } from '#libs/persistence';
import { Slice } from '#libs/protocol';
import type { LogState } from './log-state.js';

/** What a new leader tells the others. */
export interface TipAnnouncement {
  /** Of the newest block: followers replay what they missed before it. */
  slices: OutgoingSlice[];
  /** Rollups that take part in undecided operations, each once: their votes are asked for again. */
  voters: number[];
}

/** Reads what is to be announced when a term begins. */
export async function readAnnouncement(reader: Pick<LogReader, 'slices'>, state: LogState): Promise<TipAnnouncement> {
  const { number } = state.tip;
  const { rollups } = state.registry;
  const slices = await Promise.all(
    (number > 0 ? rollups : []).map(async ({ chainId }) => {
      const [slice] = await reader.slices(chainId, number, 1, Number.MAX_SAFE_INTEGER);
      return slice ? [{ chainId, bytes: Slice.serialize(slice) }] : [];
    }),
  );
  const participants = state.coordinator.undecided().flatMap((operation) => operation.participants);
  return { slices: slices.flat(), voters: [...new Set(participants.map(({ chainId }) => chainId))] };
}
