import { type NatsConnection, requestBytes } from '#libs/messaging';
import { ReplayRequest, ReplayResponse, replaySubject } from '#libs/protocol';

/** Where a follower gets blocks from that it has not received live. */
export interface ReplaySource {
  /** Throws when there is no answer; the follower asks again. */
  replay(chainId: number, request: ReplayRequest): Promise<ReplayResponse>;
}

const TIMEOUT_MS = 5_000;

/** Replay by a request on `feed.replay.<chainId>`. */
export class NatsReplay implements ReplaySource {
  constructor(
    private readonly connection: NatsConnection,
    private readonly timeoutMs = TIMEOUT_MS,
  ) {}

  async replay(chainId: number, request: ReplayRequest): Promise<ReplayResponse> {
    const { timeoutMs } = this;
    const body = ReplayRequest.serialize(request);
    return ReplayResponse.deserialize(await requestBytes(this.connection, replaySubject(chainId), body, { timeoutMs }));
  }
}

/** Replay by `GET <rpcUrl>/v1/feed/<chainId>?from=N`, with the same bytes as over NATS. */
export class HttpReplay implements ReplaySource {
  /** @param rpcUrl such as `http://127.0.0.1:8545` */
  constructor(
    private readonly rpcUrl: string,
    private readonly timeoutMs = TIMEOUT_MS,
  ) {}

  async replay(chainId: number, { from, limit, offset }: ReplayRequest): Promise<ReplayResponse> {
    const url = new URL(`v1/feed/${chainId}`, this.rpcUrl.endsWith('/') ? this.rpcUrl : `${this.rpcUrl}/`);
    url.search = new URLSearchParams({ from: `${from}`, limit: `${limit}`, offset: `${offset}` }).toString();
    const response = await fetch(url, { signal: AbortSignal.timeout(this.timeoutMs) });
    if (!response.ok) throw new Error(`GET ${url.href}: HTTP ${response.status}`);
    return ReplayResponse.deserialize(new Uint8Array(await response.arrayBuffer()));
  }
}

/** Asks one source after another until one answers; the one that did is asked first the next time. */
export class FirstAnswer implements ReplaySource {
  private preferred = 0;

  constructor(private readonly sources: readonly ReplaySource[]) {}

  async replay(chainId: number, request: ReplayRequest): Promise<ReplayResponse> {
    const errors: Error[] = [];
    for (let step = 0; step < this.sources.length; step++) {
      const index = (this.preferred + step) % this.sources.length;
      try {
        const response = await this.sources[index]!.replay(chainId, request);
        this.preferred = index;
        return response;
      } catch (error) {
        errors.push(error as Error);
      }
    }
    throw new AggregateError(errors, errors.map(({ message }) => message).join('; '));
  }
}
