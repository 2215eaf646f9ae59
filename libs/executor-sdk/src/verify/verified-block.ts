import { type EntryKind, type Header, type LogEntry, type Registry, type SignedHeader } from '#libs/protocol';
import { type Cursor, type LaneSequences } from './cursor.js';

/** An entry with what verification has found out about it. */
export interface VerifiedEntry extends LogEntry {
  kind: EntryKind;
  /** Entry id; a transaction's hash. 32 bytes. */
  id: Uint8Array;
}

/** What a verified slice says of one block. */
export interface VerifiedBlock {
  header: Header;
  signedHeader: SignedHeader;
  /** Block hash, 32 bytes. */
  hash: Uint8Array;
  /** Entries of the shared and the own lane, ascending sequences. */
  entries: VerifiedEntry[];
  /** Sequences of both lanes' last entries after this block. */
  laneSequences: LaneSequences;
  /** In force in this block. */
  registry: Registry;
  /** The serialised slice: evidence, should applying it show that the log is wrong. */
  slice: Uint8Array;
  /** The cursor after this block: what to store together with the state. */
  cursor: Cursor;
}
