import { Controller, Inject, type Type } from '@nestjs/common';
import { MessagePattern, Payload, Transport } from '@nestjs/microservices';
import { readSubject } from '#libs/protocol';
import { Executor, type ExecutorRole } from '../engine/executor.js';
import { answerRead, type ReadAnswer } from './reads.js';

/** The subject on which an executor answers reads: replicas have one of their own. */
export const readSubjectOf = (chainId: number, role: ExecutorRole): string =>
  role === 'voting' ? readSubject(chainId) : `${readSubject(chainId)}.replica`;

/** Answers reads on a rollup's subject, JSON by Nest's NATS transporter. A class for each, as patterns are fixed in it. */
export function readControllerFor(chainId: number, role: ExecutorRole): Type<object> {
  @Controller()
  class ReadController {
    constructor(@Inject(Executor) private readonly executor: Executor) {}

    @MessagePattern<string>(readSubjectOf(chainId, role), Transport.NATS)
    read(@Payload() request: unknown): Promise<ReadAnswer> {
      return answerRead(this.executor, request);
    }
  }
  return ReadController;
}
