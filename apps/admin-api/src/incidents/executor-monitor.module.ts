import { Global, Module } from '@nestjs/common';
import { ExecutorsService } from '../rollups/executors.service.js';
import { ExecutorIncidents } from './executor-incidents.js';
import { ExecutorMonitor } from './executor-monitor.js';

/** How executors are, for lists and for streams of events. */
@Global()
@Module({
  providers: [ExecutorsService, ExecutorIncidents, ExecutorMonitor],
  exports: [ExecutorsService, ExecutorMonitor],
})
export class ExecutorMonitorModule {}
