import { Controller, Get, Header, HttpCode, Inject, ServiceUnavailableException } from '@nestjs/common';
import type { MetricsRegistry } from '#libs/runtime';
import { Sequencer } from './engine/sequencer.js';
import { NatsGateway } from './nats-gateway.js';

/** The {@link MetricsRegistry} of the process. */
export const METRICS = Symbol('metrics');

/** Whether the process lives, and whether it can do its work, and its figures. */
@Controller()
export class HealthController {
  constructor(
    @Inject(Sequencer) private readonly sequencer: Sequencer,
    @Inject(NatsGateway) private readonly gateway: NatsGateway,
    @Inject(METRICS) private readonly registry: MetricsRegistry,
  ) {}

  @Get('healthz')
  @HttpCode(200)
  health(): { status: string } {
    return { status: 'ok' };
  }

  /** 200 for a leader whose blocks become durable and for a stand-by that follows one; NATS may be away. */
  @Get('readyz')
  ready(): Record<string, unknown> {
    const { isReady, isLeading, isDraining, epoch, leaderUrl } = this.sequencer;
    const status = isReady ? 'ready' : 'not ready';
    const { number } = this.sequencer.tip();
    const rollups = this.sequencer.registry().rollups.map(({ chainId }) => chainId);
    const body = {
      status,
      isLeading,
      isDraining,
      epoch,
      leaderUrl,
      head: number,
      nats: this.gateway.isConnected,
      rollups,
    };
    if (!isReady) throw new ServiceUnavailableException(body);
    return body;
  }

  @Get('metrics')
  @Header('content-type', 'text/plain; version=0.0.4; charset=utf-8')
  metrics(): Promise<string> {
    return this.registry.metrics();
  }
}
