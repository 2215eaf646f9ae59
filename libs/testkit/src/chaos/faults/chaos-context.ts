import type { NatsConnection } from '#libs/messaging';
import type { Hex } from '#libs/protocol';
import type { LeaderRegistry } from '../clients/leader-registry.js';
import type { FeedClient } from '../clients/feed-client.js';
import type { OperationClient } from '../clients/operation-client.js';
import type { ClientWorld } from '../clients/client-world.js';
import type { LoadSeries } from '../clients/series.js';
import type { ChaosNetwork } from '../network/chaos-network.js';
import type { Phase } from '../plan/cells.js';
import type { Random } from '../plan/random.js';
import type { MessageRecorder } from './message-recorder.js';

/** What a fault acts on. */
export interface ChaosContext {
  network: ChaosNetwork;
  world: ClientWorld;
  random: Random;
  /** Goes to NATS past every proxy. */
  nats: NatsConnection;
  messages: MessageRecorder;
  feeds: readonly FeedClient[];
  /** Exercises and writes on demand, besides the load that runs. */
  operations: OperationClient;
  series: readonly LoadSeries[];
  registry: LeaderRegistry;
  /** State roots that are not the state, signed by the run itself: what the checker must not lay to an executor. */
  wrongRoots: Hex[];
  /** Length of freezes and cuts, in ms. */
  cutMs: { min: number; max: number };
  log(line: string): void;
  /** Counts a fault that was really injected. */
  injected(what: string): void;
}

/** What came of injecting a fault at a phase. */
export interface FaultResult {
  /** Whether the phase was really reached, so that the cell counts as hit. */
  reached: boolean;
  note?: string;
  /** When the leader was killed, ms of the monotonic clock, while another could take over at once (I28). */
  leaderDiedAtMs?: number;
}

/** Brings a fault about at a phase and undoes it. */
export type Fault = (context: ChaosContext, phase: Phase) => Promise<FaultResult>;
