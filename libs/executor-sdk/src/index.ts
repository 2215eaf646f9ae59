export { fetchGenesis } from './feed/fetch-genesis.js';
export { followFeed, Follower, type FollowerEvent, type FollowOptions } from './feed/follower.js';
export { type LiveBufferOptions } from './feed/live-buffer.js';
export { FirstAnswer, HttpReplay, NatsReplay, type ReplaySource } from './feed/replay-source.js';
export { publishPrice, signPrice } from './send/publish-price.js';
export { type AppliedBlock, RootPublisher, type RootPublisherOptions } from './send/root-publisher.js';
export { signVote } from './send/sign-vote.js';
export { type ExecutorStatus, StatusPublisher } from './send/status-publisher.js';
export { submitTransactions, type SubmitTransactionsOptions } from './send/submit-transactions.js';
export { type PendingVote, VoteSender, type VoteSenderOptions } from './send/vote-sender.js';
export { MemorySequencer, type NewEntry } from './testing/memory-sequencer.js';
export {
  TEST_NATIVE_ASSET,
  TEST_QUOTE_ASSET,
  testGenesis,
  testPrivateKey,
  testSigner,
} from './testing/test-genesis.js';
export { type Cursor, deserializeCursor, genesisCursor, type LaneSequences, serializeCursor } from './verify/cursor.js';
export { type LaneName, SliceError, type SliceErrorType } from './verify/slice-error.js';
export { type VerifiedBlock, type VerifiedEntry } from './verify/verified-block.js';
export { isSignedByLeader } from './verify/verify-header.js';
export { decodeSlice, peekNumber, verifySlice } from './verify/verify-slice.js';
