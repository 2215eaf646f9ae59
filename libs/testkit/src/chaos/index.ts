export { type Cell, cellName, CELLS, COLUMNS, ROWS, type Row } from './plan/cells.js';
export { ChaosNetwork, type ChaosNetworkOptions, readiness } from './network/chaos-network.js';
export { TcpProxy } from './network/tcp-proxy.js';
export type { ChaosReport, StepReport } from './run/chaos-report.js';
export { type ChaosOptions, runChaos } from './run/run-chaos.js';
