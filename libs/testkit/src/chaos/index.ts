export { type Cell, cellName, CELLS, COLUMNS, ROWS, type Row } from './plan/cells.js';
export {
  ChaosNetwork,
  type ChaosNetworkOptions,
  type ExecutorNode,
  readiness,
  type SequencerNode,
} from './network/chaos-network.js';
export type { ChaosProcess } from './network/chaos-process.js';
export { callTerms, type LoadSeries } from './clients/series.js';
export { Random } from './plan/random.js';
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
export type { Step } from './plan/make-plan.js';
