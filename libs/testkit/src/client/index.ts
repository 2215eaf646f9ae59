export { FeedObserver, type ObservedDecision } from './feed-observer.js';
export { callRpc, JsonRpcError } from './json-rpc.js';
export { type IntentFields, type OperationJson, OperationsClient, signIntent } from './operations-client.js';
export { readLogId, AdminClient } from './admin-client.js';
