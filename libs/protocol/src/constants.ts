/** Bounds that are fixed for a log's life (design, section 4). */

/** Version of the rules by which entries are applied; the registry says which one is in force. */
export const PROTOCOL_VERSION = 1;

/** Rollups that one log can carry. */
export const ROLLUPS_MAX = 64;

/** Entries that one lane of one block can hold. */
export const LANE_ENTRIES_MAX = 65_536;

/** Participants of one operation. */
export const PARTICIPANTS_MAX = 8;

/** Legs of one operation. */
export const LEGS_MAX = 16;

/** Keys that may sign headers. */
export const SEQUENCER_KEYS_MAX = 16;

/** Replica keys of one rollup. */
export const REPLICA_KEYS_MAX = 8;

/** Option series that one log can list; a delisted one keeps its place. */
export const SERIES_MAX = 65_536;

/** Size of one raw transaction in bytes. */
export const TRANSACTION_BYTES_MAX = 131_072;

/** Size of one serialised entry in bytes: a kind byte and a body. */
export const ENTRY_BYTES_MAX = TRANSACTION_BYTES_MAX + 1;

/** Largest chain id: what fits in a JavaScript number without loss. */
export const CHAIN_ID_MAX = Number.MAX_SAFE_INTEGER;

/** Size of one slice with its proofs in bytes; a block closes before a slice would exceed it. */
export const SLICE_BYTES_MAX = 960 * 1024;

/** What a NATS server must accept as one message, in bytes. */
export const NATS_PAYLOAD_BYTES_MIN = 1024 * 1024;

/** The chain id that stands for the shared lane. No rollup has it. */
export const SHARED_LANE = 0;
