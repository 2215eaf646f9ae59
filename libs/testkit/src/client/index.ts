export { FeedObserver, type ObservedDecision } from './feed-observer.js';
export { callRpc, JsonRpcError } from './json-rpc.js';
export { type IntentFields, type OperationJson, OperationsClient, signIntent } from './operations-client.js';
export { AdminClient, readLogId, readRegistry, type RegistryJson } from './admin-client.js';
