import { Controller, Get, Inject, Logger, Req, Res } from '@nestjs/common';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { findRollup, LockstepError } from '#libs/protocol';
import { sendJson } from './http/send-json.js';
import { RpcError, show } from './json-rpc/rpc-error.js';
import { REPLAYS_MAX } from './limits.js';
import type { RpcBackend } from './rpc-backend.js';
import { RPC_BACKEND } from './tokens.js';

const DECIMAL = /^(0|[1-9][0-9]{0,15})$/;

/** `GET /v1/feed/<chainId>?from=N&limit=&offset=`: replay over HTTP, a serialised ReplayResponse. */
@Controller('v1/feed')
export class FeedController {
  private readonly logger = new Logger('feed');
  private openCount = 0;

  constructor(@Inject(RPC_BACKEND) private readonly backend: RpcBackend) {}

  @Get(':chainId')
  async replay(@Req() request: FastifyRequest, @Res() reply: FastifyReply): Promise<void> {
    if (this.openCount >= REPLAYS_MAX) {
      reply.header('retry-after', '1');
      return this.refuse(reply, 503, RpcError.busy(`${REPLAYS_MAX} requests for replay are being answered`));
    }
    this.openCount++;
    try {
      const chainIdText = (request.params as { chainId: string }).chainId;
      const chainId = DECIMAL.test(chainIdText) ? Number(chainIdText) : 0;
      if (!findRollup(this.backend.registry(), chainId)) {
        return this.refuse(reply, 404, RpcError.unknownRollup(chainIdText));
      }
      const query = request.query as Record<string, unknown>;
      const bytes = await this.backend.replay(chainId, {
        from: integer(query, 'from'),
        limit: integer(query, 'limit', 0),
        offset: integer(query, 'offset', 0),
      });
      await reply.code(200).header('content-type', 'application/octet-stream').send(Buffer.from(bytes));
    } catch (thrown) {
      this.refuse(reply, isCallersFault(thrown) ? 400 : 503, thrown);
    } finally {
      this.openCount--;
    }
  }

  private refuse(reply: FastifyReply, status: number, thrown: unknown): void {
    if (thrown instanceof LockstepError) {
      const { code, message, advice } = thrown as LockstepError;
      void sendJson(reply, status, JSON.stringify({ code, message, advice }));
      return;
    }
    this.logger.error(thrown instanceof Error ? (thrown.stack ?? thrown.message) : String(thrown));
    void sendJson(reply, 500, JSON.stringify({ code: 'INTERNAL', message: 'The sequencer failed; it is in its log.' }));
  }
}

/** What is thrown for a request that can never be answered, ours and the replay's. */
const isCallersFault = (thrown: unknown): boolean =>
  thrown instanceof LockstepError && (thrown instanceof RpcError || thrown.code === 'REPLAY_REQUEST');

/** @param absent what stands for a parameter that is left out; none: it must be there */
function integer(query: Record<string, unknown>, name: string, absent?: number): number {
  const text = query[name];
  if (text === undefined && absent !== undefined) return absent;
  if (typeof text === 'string' && DECIMAL.test(text) && Number.isSafeInteger(Number(text))) return Number(text);
  throw RpcError.invalidParams(name, `${name} must be a decimal integer, got ${show(text)}`);
}
