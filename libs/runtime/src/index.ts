export { exitWithParent, type ExitWithParentOptions } from './exit-with-parent.js';
export * from './environment.js';
export * from './failpoint.js';
export * from './logger.js';
export * from './metrics/index.js';
export { StartingServer } from './starting-server.js';
export * from './topology.js';
export { waitUntilUp, type WaitOptions } from './wait-until-up.js';
