export { AttemptLog } from './clients/attempts.js';
export type { ClientWorld, LoadClient } from './clients/client-world.js';
export { FeedClient, newestOf } from './clients/feed-client.js';
export { LeaderRegistry } from './clients/leader-registry.js';
export { OperationClient } from './clients/operation-client.js';
export { PriceClient } from './clients/price-client.js';
export { callTerms, listLoadSeries, type LoadSeries } from './clients/series.js';
export { TransferClient } from './clients/transfer-client.js';
export { type Cell, cellName, CELLS, COLUMNS, ROWS, type Row } from './plan/cells.js';
export {
  ChaosNetwork,
  type ChaosNetworkOptions,
  type ExecutorNode,
  readiness,
  type SequencerNode,
} from './network/chaos-network.js';
export type { ChaosProcess } from './network/chaos-process.js';
export { ChaosNats, ChaosPostgres } from './network/chaos-servers.js';
export { TcpProxy } from './network/tcp-proxy.js';
export type { ChaosReport, StepReport } from './run/chaos-report.js';
export { ChaosClients } from './run/chaos-clients.js';
export { collectHistory, copyOfLog, waitForRest } from './run/collect-history.js';
export {
  type LongOutageOptions,
  type LongOutageReport,
  type OutageKind,
  type OutageReport,
  runLongOutage,
  sufferOutage,
} from './run/long-outage.js';
export { type ChaosOptions, runChaos } from './run/run-chaos.js';
export { Random } from './plan/random.js';
export type { Step } from './plan/make-plan.js';
