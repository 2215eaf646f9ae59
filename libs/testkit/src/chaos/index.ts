export { type Cell, cellName, CELLS, COLUMNS, ROWS, type Row } from './plan/cells.js';
export { ChaosNetwork, type ChaosNetworkOptions, readiness } from './network/chaos-network.js';
export { TcpProxy } from './network/tcp-proxy.js';
export type { ChaosReport, StepReport } from './run/chaos-report.js';
export { type LongOutageOptions, type LongOutageReport, runLongOutage } from './run/long-outage.js';
export { type ChaosOptions, runChaos } from './run/run-chaos.js';
export type { Step } from './plan/make-plan.js';
