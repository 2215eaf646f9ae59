import { type INestMicroservice, Module } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { type MicroserviceOptions, Transport } from '@nestjs/microservices';
import { type NatsAccess, type NatsConnection, natsTransport } from '#libs/messaging';
import { type Logger, NestLogger } from '#libs/runtime';
import { AdminController } from './admin.controller.js';
import { Sequencer } from './engine/sequencer.js';

/**
 * The control traffic that only a leader answers (`admin.*`): a Nest microservice that exists as long as the term. With
 * one on every node, chance would decide whose answer a command gets.
 */
export class LeaderControl {
  private microservice: Promise<INestMicroservice> | null = null;

  constructor(
    private readonly nats: NatsAccess,
    private readonly sequencer: Sequencer,
    private readonly logger: Logger,
  ) {}

  serve(): void {
    this.microservice ??= this.start();
    this.microservice.catch((err: unknown) => this.logger.error({ err }, 'control traffic cannot be served'));
  }

  cease(): void {
    const { microservice } = this;
    this.microservice = null;
    void microservice?.then((started) => started.close()).catch(() => undefined);
  }

  private async start(): Promise<INestMicroservice> {
    @Module({ controllers: [AdminController], providers: [{ provide: Sequencer, useValue: this.sequencer }] })
    class LeaderControlModule {}
    const microservice = await NestFactory.createMicroservice<MicroserviceOptions>(LeaderControlModule, {
      transport: Transport.NATS,
      options: natsTransport(this.nats),
      logger: new NestLogger(this.logger),
      abortOnError: false,
    });
    await microservice.listen();
    // Nest does not wait until the server knows of its subscriptions: a command sent at once would find nobody.
    await microservice.unwrap<NatsConnection>().flush();
    return microservice;
  }
}
