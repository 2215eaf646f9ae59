/** Bounds of the JSON-RPC server (design, section 6; invariants, security 3). */

/** Size of a request's body in bytes; beyond: HTTP 413. */
export const BODY_BYTES_MAX = 2 * 1024 * 1024;

/** Calls in one batch. */
export const BATCH_CALLS_MAX = 1000;

/** Arrays and objects within one another, the outermost included. */
export const JSON_DEPTH_MAX = 32;

/** Calls of one batch that are worked on at a time; submissions are admitted together and do not count. */
export const BATCH_CONCURRENCY_MAX = 16;

/** Size of all answers of one body together, in characters; calls beyond are refused. */
export const RESPONSE_LENGTH_MAX = 24 * 1024 * 1024;

/** Calls of all clients that may be open at a time. */
export const OPEN_CALLS_MAX = 65_536;

/** Connections that may be open at a time. */
export const CONNECTIONS_MAX = 4096;

/** How long a client may take to send a request, in ms. */
export const REQUEST_TIMEOUT_MS = 30_000;

/** Requests for replay that may be answered at a time. */
export const REPLAYS_MAX = 32;

/** How long `eth_sendRawTransactionSync` waits for execution, in ms. */
export const SYNC_TIMEOUT_MS = 5_000;
export const SYNC_TIMEOUT_MS_MAX = 20_000;
