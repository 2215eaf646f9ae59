import 'reflect-metadata';
import { NestFactory } from '@nestjs/core';
import { type MicroserviceOptions, Transport } from '@nestjs/microservices';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import { JsonRequests, natsAccess, natsTransport } from '#libs/messaging';
import { LockstepError } from '#libs/protocol';
import { createLogger, exitWithParent, NestLogger, readEnvironment } from '#libs/runtime';
import { SequencerSettings } from './config.js';
import { Sequencer } from './engine/sequencer.js';
import { ExecutorReads } from './executor-reads.js';
import { LeaderControl } from './leader-control.js';
import { NatsGateway } from './nats-gateway.js';
import { configureRpcServer, createRpcAdapter } from './rpc/index.js';
import { SequencerModule } from './sequencer.module.js';

async function main(): Promise<void> {
  let stop = (): Promise<void> => Promise.resolve();
  exitWithParent(() => stop());
  const settings = readEnvironment(SequencerSettings, process.env);
  const logger = createLogger('sequencer', settings.LOCKSTEP_LOG_LEVEL);
  const sequencer = await Sequencer.open(settings, logger);
  const nats = natsAccess(settings);
  const gateway = new NatsGateway(nats, sequencer, logger);
  const control = new LeaderControl(nats, sequencer, logger);
  const requests = new JsonRequests(nats);
  const app = await NestFactory.create<NestFastifyApplication>(
    SequencerModule.of(sequencer, gateway, new ExecutorReads(requests)),
    createRpcAdapter(),
    { logger: new NestLogger(logger), abortOnError: false, bodyParser: false },
  );
  configureRpcServer(app);
  app.connectMicroservice<MicroserviceOptions>({
    transport: Transport.NATS,
    options: natsTransport(nats),
  });
  stop = async () => {
    stop = () => new Promise(() => {});
    logger.info('stopping');
    await gateway.stop();
    await sequencer.stop();
    await requests.close();
    await app.close();
  };
  for (const signal of ['SIGINT', 'SIGTERM'] as const) {
    process.once(signal, () => {
      stop().then(
        () => process.exit(0),
        (err: unknown) => {
          logger.fatal({ err }, 'could not stop cleanly');
          process.exit(1);
        },
      );
    });
  }
  const startLater = (what: string, started: Promise<unknown>): void => {
    started.catch((err: unknown) => {
      logger.fatal({ err }, `${what} failed`);
      process.exit(1);
    });
  };
  startLater('the NATS gateway', gateway.start());
  startLater('control traffic on NATS', app.startAllMicroservices());
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
  await app.listen(settings.RPC_PORT, settings.RPC_HOST);
  process.stdout.write(`sequencer listens on ${await app.getUrl()}\n`);
}

main().catch((thrown: unknown) => {
  const advice = thrown instanceof LockstepError && thrown.advice ? `\n${thrown.advice}` : '';
  const expected = thrown instanceof LockstepError || (thrown as { code?: string }).code === 'EADDRINUSE';
  const text =
    thrown instanceof Error ? (expected ? thrown.message : (thrown.stack ?? thrown.message)) : String(thrown);
  process.stderr.write(`sequencer: ${text}${advice}\n`);
  process.exit(1);
});
