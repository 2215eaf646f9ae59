import { Controller, Get, HttpCode, Inject, ServiceUnavailableException } from '@nestjs/common';
import { Sequencer } from './engine/sequencer.js';
import { NatsGateway } from './nats-gateway.js';

/** Whether the process lives, and whether it can do its work. */
@Controller()
export class HealthController {
  constructor(
    @Inject(Sequencer) private readonly sequencer: Sequencer,
    @Inject(NatsGateway) private readonly gateway: NatsGateway,
  ) {}

  @Get('healthz')
  @HttpCode(200)
  health(): { status: string } {
    return { status: 'ok' };
  }

  /** 200 when it leads and its last write succeeded; NATS may be away, it is told all the same. */
  @Get('readyz')
  ready(): Record<string, unknown> {
    const { isLeading, epoch } = this.sequencer;
    const body = { status: isLeading ? 'ready' : 'not ready', isLeading, epoch, nats: this.gateway.isConnected };
    if (!isLeading) throw new ServiceUnavailableException(body);
    return body;
  }
}
