import { setTimeout as delay } from 'node:timers/promises';
import { NestFactory } from '@nestjs/core';
import { type MicroserviceOptions, Transport } from '@nestjs/microservices';
import { FastifyAdapter, type NestFastifyApplication } from '@nestjs/platform-fastify';
import { assertNativeSecp256k1, LocalSigner } from '#libs/crypto';
import { FirstAnswer, Follower, HttpReplay, NatsReplay, type ReplaySource } from '#libs/executor-sdk';
import { connectNats, natsAccess, type NatsConnection, natsStatusLog, natsTransport } from '#libs/messaging';
import { hexToBytes } from '#libs/protocol';
import {
  createExecutorMetrics,
  createLogger,
  createMetricsRegistry,
  type ExecutorMetrics,
  failpoint,
  type Logger,
  NestLogger,
  StartingServer,
} from '#libs/runtime';
import { type ExecutorSettings } from './config.js';
import { Executor } from './engine/executor.js';
import { KeyRing } from './engine/key-ring.js';
import { openGenesis } from './engine/open-ledger.js';
import { serveRewind } from './engine/rewind-service.js';
import { ExecutorModule } from './executor.module.js';
import { FeedStrategy } from './feed/feed-strategy.js';
import { observeExecutor } from './metrics/observe-executor.js';
import { ExecutorStore } from './store/executor-store.js';

const VERSION = '0.1.0';
const DRAIN_MS_MAX = 1_000;

/** A running executor. */
export interface RunningExecutor {
  readonly executor: Executor;
  /** Where its HTTP answers; null without a port. */
  readonly url: string | null;
}

/**
 * Starts an executor: opens its store, connects, loads or replays its state, follows its slices and answers reads.
 * Waits for NATS and for a sequencer as long as it takes.
 *
 * @param cleanups gets what has to be undone at the end, in the order it was done; undo it in reverse
 * @param restart called when the store was emptied for a rewind: undo all, and run it again
 * @throws ConfigurationError, ExecutorError, LedgerLoadError, MessagingError
 */
export async function runExecutor(
  settings: ExecutorSettings,
  cleanups: (() => Promise<void> | void)[],
  restart: () => void,
): Promise<RunningExecutor> {
  assertNativeSecp256k1();
  const chainId = settings.EXECUTOR_CHAIN_ID;
  const role = settings.EXECUTOR_ROLE;
  const name = `lockstep executor ${chainId} ${role}`;
  const logger = createLogger(name, settings.LOCKSTEP_LOG_LEVEL);
  const keys = keyRing(settings);
  const dataDir = settings.LOCKSTEP_DATA_DIR;
  const store = await ExecutorStore.open(dataDir, chainId);
  cleanups.push(() => store.close());
  await failpoint('store-opened');
  const starting = await listenWhileStarting(settings);
  cleanups.push(() => starting?.close());
  const aborter = new AbortController();
  cleanups.push(() => aborter.abort());
  const nats = await connectNats({
    ...natsAccess(settings),
    name,
    signal: aborter.signal,
    onStatus: natsStatusLog(logger),
  });
  cleanups.push(() => closeNats(nats));
  const source = replaySource(nats, settings.LOCKSTEP_RPC_URL);
  if (starting) starting.waitingFor = 'a sequencer';
  const genesis = await openGenesis(store, source, chainId, logger, aborter.signal);
  const registry = createMetricsRegistry('executor', VERSION, { chain_id: String(chainId), role });
  const metrics = createExecutorMetrics(registry);
  const executor = await Executor.open(
    genesis,
    { chainId, role, version: VERSION, dataDir },
    { store, nats, keys, metrics, logger },
  );
  cleanups.push(() => executor.stop());
  observeExecutor(metrics, executor, nats);
  const follower = newFollower(executor, nats, source, metrics, logger);
  executor.startStatus(follower);
  const addresses = keys.signers.map(({ address }) => address);
  cleanups.push(serveRewind(executor, addresses, { nats, source, logger, restart }));
  const feed = new FeedStrategy(follower, (error) => void (error && executor.halt(error)));
  const app = await NestFactory.create<NestFastifyApplication>(
    ExecutorModule.of(executor, registry),
    new FastifyAdapter(),
    {
      logger: new NestLogger(logger),
      abortOnError: false,
    },
  );
  cleanups.push(() => app.close());
  const reads = app.connectMicroservice<MicroserviceOptions>({
    transport: Transport.NATS,
    options: { ...natsTransport(natsAccess(settings)), name: `${name} reads` },
  });
  app.connectMicroservice<MicroserviceOptions>({ strategy: feed });
  await app.startAllMicroservices();
  // Nest does not wait until the server knows of its subscriptions.
  await reads.unwrap<NatsConnection>().flush();
  await starting?.close();
  return { executor, url: await listen(app, settings) };
}

/** The executor's key, and the one that comes after it or went before. */
function keyRing({ EXECUTOR_CHAIN_ID, EXECUTOR_ROLE, EXECUTOR_KEY, EXECUTOR_OTHER_KEY }: ExecutorSettings): KeyRing {
  const signer = (key: string): LocalSigner => new LocalSigner(hexToBytes(key));
  const others = EXECUTOR_OTHER_KEY === undefined ? [] : [signer(EXECUTOR_OTHER_KEY)];
  return new KeyRing(EXECUTOR_CHAIN_ID, EXECUTOR_ROLE, [signer(EXECUTOR_KEY), ...others]);
}

/** Where it has a port: it lives and is not ready while it waits for NATS and for a sequencer. */
async function listenWhileStarting(settings: ExecutorSettings): Promise<StartingServer | null> {
  const { EXECUTOR_HTTP_PORT: port, EXECUTOR_HTTP_HOST: host } = settings;
  return port === 0 ? null : StartingServer.listen(port, host, 'NATS');
}

function newFollower(
  executor: Executor,
  nats: NatsConnection,
  source: ReplaySource,
  metrics: ExecutorMetrics,
  logger: Logger,
): Follower {
  return new Follower({
    nats,
    chainId: executor.options.chainId,
    cursor: executor.cursor,
    replaySource: source,
    onAhead: (bytes) => executor.glimpse(bytes),
    onEvent: (event) => {
      if (event.type === 'replaying') metrics.replays.inc({ why: event.why });
      const isRoutine = event.type === 'following' || (event.type === 'replaying' && event.why === 'silence');
      logger[isRoutine ? 'debug' : 'info']({ event }, 'feed');
    },
  });
}

/** Sends what is still to be sent, without waiting long for a server that is away. */
async function closeNats(nats: NatsConnection): Promise<void> {
  await Promise.race([nats.drain().catch(() => undefined), delay(DRAIN_MS_MAX, undefined, { ref: false })]);
  await nats.close();
}

const replaySource = (nats: NatsConnection, rpcUrl: string | undefined): ReplaySource =>
  new FirstAnswer([new NatsReplay(nats), ...(rpcUrl === undefined ? [] : [new HttpReplay(rpcUrl)])]);

async function listen(app: NestFastifyApplication, settings: ExecutorSettings): Promise<string | null> {
  if (settings.EXECUTOR_HTTP_PORT === 0) {
    await app.init();
    return null;
  }
  await app.listen(settings.EXECUTOR_HTTP_PORT, settings.EXECUTOR_HTTP_HOST);
  return app.getUrl();
}
