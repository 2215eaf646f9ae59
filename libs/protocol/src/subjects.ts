/** NATS subjects (design, section 5). */

/** Slices of a rollup, one message a block: {@link Slice} in SSZ. */
export const feedSubject = (chainId: number): string => `feed.slice.${chainId}`;

/** Request for replay: `ReplayRequest` in SSZ, answered by `ReplayResponse`. */
export const replaySubject = (chainId: number): string => `feed.replay.${chainId}`;

/** Signed votes of a rollup's voting executor: `SignedVote` in SSZ. */
export const voteSubject = (chainId: number): string => `vote.${chainId}`;

/** A leader asks a rollup's executor to send its votes on undecided operations again; no body. */
export const voteRequestSubject = (chainId: number): string => `vote.request.${chainId}`;

/** Signed state roots of a rollup's executor and replicas: `SignedStateRoot` in SSZ. */
export const rootSubject = (chainId: number): string => `root.${chainId}`;

/** Signed prices: `SignedPrice` in SSZ; a request is answered in JSON once the price is durable. */
export const PRICE_SUBJECT = 'price';

/** Raw transactions: for each a 4-byte big-endian length and the bytes; the reply is a JSON array in order. */
export const ingressSubject = (chainId: number): string => `ingress.${chainId}`;

/** What an executor says of itself once a second: JSON. */
export const statusSubject = (chainId: number): string => `status.${chainId}`;

/** Reads of a rollup's state, answered by its executor: JSON by Nest's transporter. */
export const readSubject = (chainId: number): string => `read.${chainId}`;

/** Commands to the sequencer: JSON by Nest's transporter. */
export const adminSubject = (command: string): string => `admin.${command}`;
