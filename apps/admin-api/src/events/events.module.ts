import { Module } from '@nestjs/common';
import { EventLog } from './event-log.js';
import { EventsController } from './events.controller.js';
import { EventsService } from './events.service.js';

/** Live events of the log. */
@Module({ controllers: [EventsController], providers: [EventLog, EventsService], exports: [EventLog, EventsService] })
export class EventsModule {}
