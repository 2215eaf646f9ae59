export { type NatsConnection, type SubscriptionOptions } from '@nats-io/transport-node';
export {
  connectNats,
  type NatsConnectOptions,
  type NatsStatus,
  natsStatusLog,
  type StatusLog,
} from './connect-nats.js';
export { inboxPrefixOf, type NatsAccess, natsAccess, natsTransport } from './nats-access.js';
export { type CommandPlaceJson, CommandRefusedError, CommandSender } from './commands/command-sender.js';
export { signAdminCommand, signRegistryChange } from './commands/sign-command.js';
export { ConnectionWatch } from './connection-watch.js';
export { JsonRequests } from './json-requests.js';
export { createNkey, type Nkey } from './nkey.js';
export { MessagingError, type MessagingErrorType } from './errors.js';
export { FeedPublisher, type OutgoingSlice } from './feed-publisher.js';
export { encodeIngress, decodeIngress, INGRESS_TRANSACTIONS_MAX } from './ingress-frame.js';
export { type IngressOptions, type IngressResult, IngressServer } from './ingress-server.js';
export { PriceServer, type PriceResult } from './price-server.js';
export { RecentSlices } from './recent-slices.js';
export { answerReplay, REPLAY_BYTES_MAX, type SliceSource } from './answer-replay.js';
export { ReplayServer, type ReplayServerOptions } from './replay-server.js';
export { requestBytes, type RequestBytesOptions } from './request-bytes.js';
export {
  type BytesHandler,
  subscribeBytes,
  type SubscribeBytesOptions,
  type ByteSubscription,
} from './subscribe-bytes.js';
