import { type DynamicModule, Module } from '@nestjs/common';
import type { MetricsRegistry } from '#libs/runtime';
import { Sequencer } from './engine/sequencer.js';
import { ExecutorReads } from './executor-reads.js';
import { HealthController, METRICS } from './health.controller.js';
import { NatsGateway } from './nats-gateway.js';
import { NodeController } from './node.controller.js';
import { RpcModule } from './rpc/index.js';
import { SequencerRpcBackend } from './rpc-backend.service.js';

/** Composes a sequencer node from parts that are already open. */
@Module({})
export class SequencerModule {
  static of(sequencer: Sequencer, gateway: NatsGateway, reads: ExecutorReads, metrics: MetricsRegistry): DynamicModule {
    return {
      module: SequencerModule,
      imports: [RpcModule.register(new SequencerRpcBackend(sequencer, reads))],
      controllers: [NodeController, HealthController],
      providers: [
        { provide: Sequencer, useValue: sequencer },
        { provide: NatsGateway, useValue: gateway },
        { provide: METRICS, useValue: metrics },
      ],
    };
  }
}
