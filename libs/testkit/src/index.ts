export * from './servers/index.js';
export * from './network/index.js';
