export { exitWithParent, type ExitWithParentOptions } from './exit-with-parent.js';
export * from './environment.js';
export * from './failpoint.js';
export * from './logger.js';
export * from './topology.js';
