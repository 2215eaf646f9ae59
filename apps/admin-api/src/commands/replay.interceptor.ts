import { type CallHandler, type ExecutionContext, Injectable, type NestInterceptor } from '@nestjs/common';
import type { FastifyReply } from 'fastify';
import { map, type Observable } from 'rxjs';
import type { Answered } from './command.service.js';
import type { CommandResult } from './command.schema.js';

/** Answers a command's result, and says by a header whether it was given before. */
@Injectable()
export class ReplayInterceptor implements NestInterceptor<Answered, CommandResult> {
  intercept(context: ExecutionContext, next: CallHandler<Answered>): Observable<CommandResult> {
    const reply = context.switchToHttp().getResponse<FastifyReply>();
    return next.handle().pipe(
      map(({ result, isReplayed }) => {
        if (isReplayed) void reply.header('idempotency-replayed', 'true');
        return result;
      }),
    );
  }
}
