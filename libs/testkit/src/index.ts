export * from './chaos/index.js';
export * from './client/index.js';
export * from './servers/index.js';
export * from './network/index.js';
export * from './history/index.js';
