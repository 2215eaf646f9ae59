import type { INestMicroservice } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { type MicroserviceOptions, Transport } from '@nestjs/microservices';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import { JsonRequests, natsAccess, type NatsConnection, natsTransport } from '#libs/messaging';
import { isDatabaseAway } from '#libs/persistence';
import {
  createLogger,
  createMetricsRegistry,
  createSequencerMetrics,
  type Logger,
  NestLogger,
  StartingServer,
  waitUntilUp,
} from '#libs/runtime';
import type { SequencerSettings } from './config.js';
import { openLog } from './engine/open-log.js';
import { Sequencer } from './engine/sequencer.js';
import { ExecutorReads } from './executor-reads.js';
import { LeaderControl } from './leader-control.js';
import { observeSequencer } from './metrics/observe-sequencer.js';
import { NatsGateway } from './nats-gateway.js';
import { configureRpcServer, createRpcAdapter } from './rpc/index.js';
import { SequencerModule } from './sequencer.module.js';

const VERSION = '0.1.0';

/**
 * Runs a sequencer: opens the log, serves HTTP, follows or leads. It waits for a Postgres that is not there yet as long
 * as it takes, and says so on /readyz; NATS may come at any time.
 *
 * @param cleanups gets what has to be undone at the end, in the order it was done; undo it in reverse
 * @returns the URL it listens on
 * @throws ConfigurationError, DatabaseError, TopologyMismatchError; EADDRINUSE
 */
export async function runSequencer(
  settings: SequencerSettings,
  cleanups: (() => Promise<unknown> | void)[],
): Promise<string> {
  const { RPC_HOST, RPC_PORT } = settings;
  const nats = natsAccess(settings);
  const logger = createLogger('sequencer', settings.LOCKSTEP_LOG_LEVEL);
  const starting = await StartingServer.listen(RPC_PORT, RPC_HOST, 'Postgres');
  cleanups.push(() => starting.close());
  const log = await openWhenUp(settings, logger, cleanups);
  const registry = createMetricsRegistry('sequencer', VERSION);
  const metrics = createSequencerMetrics(registry);
  const sequencer = new Sequencer(settings, log, metrics, logger);
  const gateway = new NatsGateway(nats, sequencer, logger);
  observeSequencer(metrics, sequencer, gateway);
  const control = new LeaderControl(nats, sequencer, logger);
  const requests = new JsonRequests(nats);
  const app = await NestFactory.create<NestFastifyApplication>(
    SequencerModule.of(sequencer, gateway, new ExecutorReads(requests), registry),
    createRpcAdapter(),
    { logger: new NestLogger(logger), abortOnError: false, bodyParser: false },
  );
  configureRpcServer(app);
  const commands = app.connectMicroservice<MicroserviceOptions>({
    transport: Transport.NATS,
    options: natsTransport(nats),
  });
  cleanups.push(
    () => app.close(),
    () => requests.close(),
    () => sequencer.stop(),
    () => gateway.stop(),
    () => logger.info('stopping'),
  );
  startLater('the NATS gateway', gateway.start(), logger);
  startLater('control traffic on NATS', serveCommands(app, commands), logger);
  sequencer.start({
    publish: (slices) => gateway.publish(slices),
    requestVotes: (chainIds) => gateway.requestVotes(chainIds),
    serve: () => {
      gateway.serve();
      control.serve();
    },
    cease: () => {
      gateway.cease();
      control.cease();
    },
  });
  await starting.close();
  await app.listen(RPC_PORT, RPC_HOST);
  return app.getUrl();
}

/** The log, once Postgres is up. */
async function openWhenUp(
  settings: SequencerSettings,
  logger: Logger,
  cleanups: (() => Promise<unknown> | void)[],
): ReturnType<typeof openLog> {
  const aborter = new AbortController();
  cleanups.push(() => aborter.abort());
  return waitUntilUp(() => openLog(settings, logger), {
    ...{ what: 'Postgres', isAway: isDatabaseAway, logger },
    signal: aborter.signal,
  });
}

/** Nest does not wait until the server knows of its subscriptions. */
async function serveCommands(app: NestFastifyApplication, commands: INestMicroservice): Promise<void> {
  await app.startAllMicroservices();
  await commands.unwrap<NatsConnection>().flush();
}

/** What may take as long as it wants; that it can never succeed is fatal. */
function startLater(what: string, started: Promise<unknown>, logger: Logger): void {
  started.catch((err: unknown) => {
    logger.fatal({ err }, `${what} failed`);
    process.exit(1);
  });
}
