import { type ArgumentsHost, Catch, HttpException } from '@nestjs/common';
import { BaseExceptionFilter } from '@nestjs/core';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { errorText } from '../json-rpc/call.js';
import { RpcCode } from '../json-rpc/rpc-error.js';
import { BODY_BYTES_MAX } from '../limits.js';
import { sendJson } from './send-json.js';

/**
 * Gives a POST that failed before it became a JSON-RPC call (too large, cut off) an answer that a JSON-RPC client can
 * read. Everything else goes Nest's way.
 */
@Catch()
export class JsonRpcExceptionFilter extends BaseExceptionFilter {
  override catch(exception: unknown, host: ArgumentsHost): void {
    const http = host.switchToHttp();
    const status = exception instanceof HttpException ? exception.getStatus() : 500;
    if (status >= 500 || http.getRequest<FastifyRequest>().method !== 'POST') return super.catch(exception, host);
    const error =
      status === 413
        ? { message: `request body too large, limit ${BODY_BYTES_MAX} bytes`, data: { code: 'BODY_TOO_LARGE' } }
        : { message: 'invalid request: it cannot be read', data: { code: 'INVALID_REQUEST' } };
    void sendJson(
      http.getResponse<FastifyReply>(),
      status,
      errorText(null, { code: RpcCode.INVALID_REQUEST, ...error }),
    );
  }
}
