import { type NatsConnection, subscribeBytes } from '#libs/messaging';
import { SignedVote } from '#libs/protocol';

interface Recorded {
  subject: string;
  bytes: Uint8Array;
}

const KEPT_MAX = 400;

/** Listens to what passes over NATS and keeps the newest messages of each kind, to be sent again later. */
export class MessageRecorder {
  private readonly kept = new Map<string, Recorded[]>([
    ['vote', []],
    ['feed', []],
    ['root', []],
  ]);

  constructor(private readonly nats: NatsConnection) {
    for (const subject of ['vote.*', 'feed.slice.*', 'root.*']) {
      subscribeBytes(nats, subject, (bytes, from) => this.keep({ subject: from, bytes }));
    }
  }

  /** The newest messages of a kind, oldest first. */
  newest(kind: 'vote' | 'feed' | 'root', count = KEPT_MAX): Recorded[] {
    return (this.kept.get(kind) ?? []).slice(-count);
  }

  /** The newest votes, oldest first. */
  votes(count = KEPT_MAX): SignedVote[] {
    return this.newest('vote', count).map(({ bytes }) => SignedVote.deserialize(bytes));
  }

  /** Sends recorded messages again, in the order given. */
  publish(messages: readonly Recorded[]): void {
    for (const { subject, bytes } of messages) this.nats.publish(subject, bytes);
  }

  private keep(message: Recorded): void {
    const messages = this.kept.get(message.subject.slice(0, message.subject.indexOf('.')));
    if (!messages) return;
    messages.push(message);
    if (messages.length > KEPT_MAX) messages.shift();
  }
}
