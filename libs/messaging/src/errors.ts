import { LockstepError } from '#libs/protocol';

export type MessagingErrorType =
  /** The server takes messages of `payloadMax` bytes, too few for a slice. */
  | { code: 'NATS_PAYLOAD_TOO_SMALL'; payloadMax: number; payloadMin: number }
  /** No connection came about in time. */
  | { code: 'NATS_UNREACHABLE'; servers: string[] }
  /** Nobody serves the subject, so the request reached nobody. */
  | { code: 'NOBODY_SERVES'; subject: string }
  /** No answer came in time, or nobody serves the subject. */
  | { code: 'NO_ANSWER'; subject: string }
  /** The other side answered with an error, as NATS micro services do by header. */
  | { code: 'SERVICE_ERROR'; subject: string; status: number }
  /** A message of `ingress.*` that is no sequence of framed transactions. */
  | { code: 'INGRESS_FRAME'; offset: number }
  /** A replay request that cannot be answered: malformed, or beyond what there is. */
  | { code: 'REPLAY_REQUEST' }
  /** A bounded queue is full. */
  | { code: 'TOO_BUSY'; limit: number };

/** What can go wrong on the way to or from NATS. */
export class MessagingError extends LockstepError<MessagingErrorType> {}
