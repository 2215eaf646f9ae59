import type { RecoverAddress } from '#libs/atomic-commit';
import { recoverAddress } from '#libs/crypto';
import { Ledger } from '#libs/options';
import type { Genesis } from '#libs/protocol';
import type { History } from './history.js';
import type { InvariantId } from './invariants.js';
import { indexLog, type LogIndex } from './log-index.js';
import { type Execution, type ReplayLedger } from './replay/execution.js';
import { replayLog } from './replay/replay-log.js';
import type { Tally } from './report.js';

export interface CheckOptions {
  /** Which invariants to check, all by default. Those that only a replay can tell cost as much as executing the log. */
  invariants?: readonly InvariantId[];
  /**
   * Whether the history was taken at rest: all is decided and applied everywhere. Default true; false for a look at a
   * network that goes on.
   */
  atRest?: boolean;
  /** Whether `clients` has everything that was ever sent, so that nothing else may stand in the log (I8). Default false. */
  clientsComplete?: boolean;
  /** Recover the sender of every n-th transaction (I5): 1, the default, of all; 0 of none. About 80 µs each. */
  recoverEvery?: number;
  /** Opens a rollup's ledger for the replay, {@link Ledger.fromGenesis} by default. */
  openLedger?: (genesis: Genesis, chainId: number, recover: RecoverAddress) => ReplayLedger;
}

/** What a check is given. */
export interface CheckContext {
  history: History;
  options: Required<CheckOptions>;
  index: LogIndex;
  recover: RecoverAddress;
  /** The log executed again; done when first asked for. */
  execution(): Execution;
}

/** Looks at one invariant. */
export type Check = (context: CheckContext) => Tally;

/** Prepares a history for its checks. */
export function createContext(history: History, options: Required<CheckOptions>): CheckContext {
  const recover = remembering(recoverAddress);
  const index = indexLog(history.log, recover);
  let execution: Execution | null = null;
  return {
    history,
    options,
    index,
    recover,
    execution: () => (execution ??= replayLog({ history, options, index, recover })),
  };
}

export const openRealLedger: Required<CheckOptions>['openLedger'] = (genesis, chainId, recover) =>
  Ledger.fromGenesis(genesis, chainId, { recover });

/** Votes are looked at by several checks and by every ledger; recovery is the dearest step of all. */
function remembering(recover: RecoverAddress): RecoverAddress {
  const known = new Map<string, Uint8Array | null>();
  return (digest, signature) => {
    const key = Buffer.concat([digest, signature]).toString('latin1');
    let signer = known.get(key);
    if (signer === undefined) known.set(key, (signer = recover(digest, signature)));
    return signer;
  };
}
