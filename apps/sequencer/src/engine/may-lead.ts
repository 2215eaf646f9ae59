import { startLogTime } from '#libs/ordering';
import { bytesToHex, equalBytes, LockstepError } from '#libs/protocol';
import type { LogState } from './log-state.js';

/** This process's key may not lead the log. */
export class NotASequencerKeyError extends LockstepError<{ code: 'NOT_A_SEQUENCER_KEY'; key: string }> {}

/**
 * Whether a node may lead: its key is one of the registry's, and its clock does not carry log time too far.
 * @param databaseMs Postgres's clock
 * @param confirmed an operator confirmed the node's clock
 * @throws NotASequencerKeyError, LogTimeError
 */
export function assertMayLead(state: LogState, key: Uint8Array, databaseMs: number, confirmed: boolean): void {
  if (!state.registry.sequencerKeys.some((listed) => equalBytes(listed, key))) {
    throw new NotASequencerKeyError(
      { code: 'NOT_A_SEQUENCER_KEY', key: bytesToHex(key) },
      `This node's key ${bytesToHex(key)} is not among the registry's sequencer keys, so followers would refuse its blocks.`,
      'Set SEQUENCER_KEY to a key that the registry lists.',
    );
  }
  startLogTime({ lastTimestampMs: state.tip.timestampMs, wallMs: Date.now(), databaseMs, confirmed });
}
