export * from './block-draft.js';
export * from './log-time.js';
export * from './nonce-pool.js';
export * from './ordering-policy.js';
