import { type ArgumentsHost, Catch, type ExceptionFilter, HttpException, HttpStatus, Logger } from '@nestjs/common';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { PROBLEM_TYPE, problemDocument, ProblemError } from './problem.js';

/** Turns whatever was thrown into a problem document. What nobody foresaw is logged, and its text kept from the caller. */
@Catch()
export class ProblemFilter implements ExceptionFilter {
  private readonly logger = new Logger('admin-api');

  catch(thrown: unknown, host: ArgumentsHost): void {
    const http = host.switchToHttp();
    const problem = this.problemOf(thrown);
    sendProblem(http.getRequest<FastifyRequest>(), http.getResponse<FastifyReply>(), problem);
  }

  private problemOf(thrown: unknown): ProblemError {
    if (thrown instanceof ProblemError) return thrown;
    const status = statusOf(thrown);
    if (status === undefined || status >= 500) {
      this.logger.error(thrown instanceof Error ? (thrown.stack ?? thrown.message) : String(thrown));
      return new ProblemError({ code: 'INTERNAL', status: 500 }, 'The admin API failed; its log says why.');
    }
    return new ProblemError({ code: codeOf(status), status }, (thrown as Error).message);
  }
}

/** Answers with a problem document. */
export function sendProblem(request: FastifyRequest, reply: FastifyReply, problem: ProblemError): void {
  const { type, message, advice } = problem;
  if (reply.sent) return;
  if (type.retryAfterS !== undefined) void reply.header('retry-after', String(type.retryAfterS));
  if (type.status === 401) void reply.header('www-authenticate', 'Bearer realm="lockstep"');
  const instance = request.url.split('?', 1)[0] ?? '/';
  void reply
    .code(type.status)
    .header('content-type', PROBLEM_TYPE)
    .header('cache-control', 'no-store')
    .send(JSON.stringify(problemDocument(type, message, advice, instance)));
}

/** Nest's exceptions have a status, Fastify's errors a statusCode. */
function statusOf(thrown: unknown): number | undefined {
  if (thrown instanceof HttpException) return thrown.getStatus();
  const { statusCode } = (thrown ?? {}) as { statusCode?: unknown };
  return typeof statusCode === 'number' && statusCode >= 400 && statusCode < 600 ? statusCode : undefined;
}

/** 404 → `NOT_FOUND`, as Nest names them; a bad request is what a schema refuses too. */
const codeOf = (status: number): string =>
  status === 400 ? 'INVALID_REQUEST' : (HttpStatus[status] ?? `HTTP_${status}`);
