import { Controller, Get, Headers, Inject, Query, Req, Res } from '@nestjs/common';
import { ApiHeader, ApiOperation, ApiResponse, ApiTags } from '@nestjs/swagger';
import type { FastifyReply, FastifyRequest } from 'fastify';
import type { z } from 'zod';
import { Access } from '../access/access.decorator.js';
import { callerOf } from '../access/caller.js';
import { ApiProblems } from '../openapi/api-read.decorator.js';
import { EventsQuery } from './event.schema.js';
import { EventsService } from './events.service.js';

const DESCRIPTION = `Server-sent events. \`event\` is the kind, \`data\` an Event. Every id is a position in the log: with the last one as
\`Last-Event-ID\` everything behind it is told, nothing twice, by any instance, back to the first block. A comment comes after
ten seconds of silence. \`event: overflow\` (StreamOverflow) tells a client that reads too slowly, \`event: closed\`
(StreamClosed) one whose key has ended or whose server stops; both are the last of a stream. Events of kind \`executor\` have no id: how each executor is comes as a stream begins.`;

/** What happens, as it happens. */
@ApiTags('events')
@Access('viewer')
@Controller('api/v1/events')
export class EventsController {
  constructor(@Inject(EventsService) private readonly events: EventsService) {}

  @Get()
  @ApiOperation({ summary: 'Live events', description: DESCRIPTION })
  @ApiHeader({ name: 'Last-Event-ID', required: false, description: 'Go on behind this event.' })
  @ApiResponse({
    status: 200,
    description: 'A stream that does not end by itself.',
    content: {
      'text/event-stream': {
        schema: {
          anyOf: ['Event', 'StreamOverflow', 'StreamClosed'].map((name) => ({ $ref: `#/components/schemas/${name}` })),
        },
      },
    },
  })
  @ApiProblems(400, 409, 503)
  async getEvents(
    @Query({ schema: EventsQuery }) query: z.output<typeof EventsQuery>,
    @Headers('last-event-id') lastEventId: string | undefined,
    @Req() request: FastifyRequest,
    @Res() reply: FastifyReply,
  ): Promise<void> {
    const keyId = callerOf(request)?.id ?? null;
    await this.events.stream({ ...query, kinds: query.kinds, fromBlock: query.fromBlock, lastEventId, keyId }, () => {
      reply.hijack();
      reply.raw.writeHead(200, {
        ...(reply.getHeaders() as Record<string, string>),
        'content-type': 'text/event-stream; charset=utf-8',
        'cache-control': 'no-store',
        'x-accel-buffering': 'no',
      });
      return reply.raw;
    });
  }
}
