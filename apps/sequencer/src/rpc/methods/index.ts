import { blockMethods } from './block-methods.js';
import { chainMethods } from './chain-methods.js';
import { evidenceMethods } from './evidence-methods.js';
import { logMethods } from './log-methods.js';
import type { Method } from './method.js';
import { operationMethods } from './operation-methods.js';
import { stateMethods } from './state-methods.js';

export type { CallContext, Method } from './method.js';

/** All methods but those that submit transactions: the dispatcher admits the transactions of a body together. */
export const METHODS: ReadonlyMap<string, Method> = new Map(
  Object.entries({
    ...chainMethods,
    ...blockMethods,
    ...logMethods,
    ...stateMethods,
    ...operationMethods,
    ...evidenceMethods,
  }),
);
