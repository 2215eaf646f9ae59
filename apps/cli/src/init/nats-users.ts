import { inboxPrefixOf } from '#libs/messaging';
import {
  adminSubject,
  feedSubject,
  PRICE_SUBJECT,
  readSubject,
  replaySubject,
  rootSubject,
  statusSubject,
  voteRequestSubject,
  voteSubject,
} from '#libs/protocol';

/** What a NATS user may do: everything that is not listed is refused, `$JS.API.>` and `$SYS.>` with it. */
export interface NatsRights {
  publish: readonly string[];
  subscribe: readonly string[];
  /** Whether it may answer requests that reached it, once each. */
  answers: boolean;
}

/** A sequencer publishes what is ordered, asks executors, and hears what is submitted. */
export const SEQUENCER_RIGHTS: NatsRights = {
  publish: ['feed.slice.*', 'vote.request.*', 'read.*'],
  subscribe: ['feed.replay.*', 'ingress.*', PRICE_SUBJECT, 'vote.*', 'root.*', 'status.*', 'admin.>'],
  answers: true,
};

/** Orders to rewind, to each key of a rollup. */
const rewindSubjects = (chainId: number): string => adminSubject(`executor.rewind.${chainId}.*`);

/** The voting executor of one rollup. */
export const executorRights = (chainId: number): NatsRights => ({
  publish: [voteSubject(chainId), rootSubject(chainId), statusSubject(chainId), replaySubject(chainId)],
  subscribe: [feedSubject(chainId), voteRequestSubject(chainId), readSubject(chainId), rewindSubjects(chainId)],
  answers: true,
});

/** A replica of one rollup, or anyone who follows its feed: no votes. */
export const replicaRights = (chainId: number): NatsRights => ({
  publish: [rootSubject(chainId), statusSubject(chainId), replaySubject(chainId)],
  subscribe: [feedSubject(chainId), `${readSubject(chainId)}.replica`, rewindSubjects(chainId)],
  answers: true,
});

/** The admin API, and an operator with the CLI: reads, signed commands, and what there is to watch. */
export const ADMIN_RIGHTS: NatsRights = {
  publish: ['admin.>', 'read.>', 'feed.replay.*'],
  subscribe: ['feed.slice.*', 'status.*', 'root.*'],
  answers: false,
};

/** Who publishes prices. */
export const PRICE_RIGHTS: NatsRights = { publish: [PRICE_SUBJECT], subscribe: [], answers: false };

/** A bot that submits raw transactions. */
export const CLIENT_RIGHTS: NatsRights = { publish: ['ingress.*'], subscribe: [], answers: false };

/** A user of the server: who has the seed of this nkey has these rights. */
export interface NatsUser {
  name: string;
  /** `U…`. */
  publicKey: string;
  rights: NatsRights;
}

/** How long a request may wait for its answer at most. */
const ANSWER_WITHIN = '2m';

/**
 * The configuration of a nats-server that lets in these users alone, each to its subjects and its own inbox.
 *
 * @param cluster hosts of a cluster of servers that all have this configuration: they and their clients speak TLS alone,
 *   with `/tls/server.pem`, its key, and the authority `/tls/ca.pem`. Empty: one server, no TLS
 */
export function natsServerConfig(users: readonly NatsUser[], cluster: readonly string[] = []): string {
  return `# Made by "lockstep init". Public keys only; who has the seed of one has its rights.
listen: 0.0.0.0:4222
http: 127.0.0.1:8222 # for the health check alone
max_payload: 1MB
${cluster.length > 0 ? clusterConfig(cluster) : ''}accounts {
  LOCKSTEP {
    users: [
${users.map(natsUserEntry).join('\n')}
    ]
  }
}
`;
}

/** Only who has a certificate of the authority can join; clients keep to the names that they were given. */
const clusterConfig = (hosts: readonly string[]): string => `tls {
  cert_file: /tls/server.pem
  key_file: /tls/server.key
}
cluster {
  name: lockstep
  listen: 0.0.0.0:6222
  no_advertise: true
  routes: ${JSON.stringify(hosts.map((host) => `tls://${host}:6222`))}
  tls {
    cert_file: /tls/server.pem
    key_file: /tls/server.key
    ca_file: /tls/ca.pem
    verify: true
  }
}
`;

/** A user as it stands in the list `users` of a server's configuration. */
export function natsUserEntry({ name, publicKey, rights }: NatsUser): string {
  const list = (subjects: readonly string[]): string => JSON.stringify(subjects);
  const inbox = `${inboxPrefixOf(publicKey)}.>`;
  const answers = rights.answers ? `\n          allow_responses: { max: 1, expires: "${ANSWER_WITHIN}" }` : '';
  return `      { # ${name}
        nkey: ${publicKey}
        permissions: {
          publish: { allow: ${list(rights.publish)} }
          subscribe: { allow: ${list([...rights.subscribe, inbox])} }${answers}
        }
      }`;
}
