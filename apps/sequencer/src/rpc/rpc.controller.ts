import { Controller, Inject, Logger, Post, Req, Res } from '@nestjs/common';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { findRollup } from '#libs/protocol';
import { sendJson } from './http/send-json.js';
import { errorText } from './json-rpc/call.js';
import { RpcError, toErrorObject } from './json-rpc/rpc-error.js';
import type { RpcBackend } from './rpc-backend.js';
import { RpcDispatcher } from './rpc-dispatcher.js';
import { RPC_BACKEND } from './tokens.js';

const CHAIN_ID = /^[1-9][0-9]{0,15}$/;
const NO_BODY = Buffer.alloc(0);

/** `POST /<chainId>`: JSON-RPC 2.0 for one rollup. */
@Controller()
export class RpcController {
  private readonly logger = new Logger('rpc');
  private readonly report = (thrown: unknown): void =>
    this.logger.error(thrown instanceof Error ? (thrown.stack ?? thrown.message) : String(thrown));
  private readonly dispatcher: RpcDispatcher;

  constructor(@Inject(RPC_BACKEND) private readonly backend: RpcBackend) {
    this.dispatcher = new RpcDispatcher({ backend, report: this.report });
  }

  /** Without Nest's own answering: it would serialise once more what is a text already. */
  @Post(['', ':chainId'])
  async post(@Req() request: FastifyRequest, @Res() reply: FastifyReply): Promise<void> {
    const text = (request.params as { chainId?: string }).chainId ?? '';
    const chainId = CHAIN_ID.test(text) ? Number(text) : 0;
    if (!findRollup(this.backend.registry(), chainId)) {
      const error = toErrorObject(RpcError.unknownRollup(text), this.report);
      return void (await sendJson(reply, 404, errorText(null, error)));
    }
    const body = Buffer.isBuffer(request.body) ? request.body : NO_BODY;
    const answer = await this.dispatcher.answer(chainId, body);
    if (answer === null) await reply.code(204).send();
    else await sendJson(reply, 200, answer);
  }
}
