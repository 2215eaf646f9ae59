import { type DynamicModule, Module } from '@nestjs/common';
import type { Logger } from '#libs/runtime';
import { AccessModule } from './access/access.module.js';
import { AccountsController } from './accounts/accounts.controller.js';
import { AccountsService } from './accounts/accounts.service.js';
import { AuditController } from './audit/audit.controller.js';
import { AuditService } from './audit/audit.service.js';
import { BlocksController } from './blocks/blocks.controller.js';
import { BlocksService } from './blocks/blocks.service.js';
import { CommandsModule } from './commands/commands.module.js';
import type { AdminApiSettings } from './config.js';
import { ConfigurationController } from './configuration/configuration.controller.js';
import { CoreModule } from './core/core.module.js';
import { EntriesController } from './entries/entries.controller.js';
import { EntriesService } from './entries/entries.service.js';
import { EventsModule } from './events/events.module.js';
import { HealthController } from './health/health.controller.js';
import { HomeController } from './home/home.controller.js';
import { ExecutorMonitorModule } from './incidents/executor-monitor.module.js';
import { IncidentsController } from './incidents/incidents.controller.js';
import { IncidentsService } from './incidents/incidents.service.js';
import { MetricsController } from './metrics/metrics.controller.js';
import { OperationDetailService } from './operations/operation-detail.service.js';
import { OperationsController } from './operations/operations.controller.js';
import { OperationsService } from './operations/operations.service.js';
import { OverviewController } from './overview/overview.controller.js';
import { OverviewService } from './overview/overview.service.js';
import { PricesController } from './prices/prices.controller.js';
import { PricesService } from './prices/prices.service.js';
import { ExecutorsController, RollupsController } from './rollups/rollups.controller.js';
import { RollupsService } from './rollups/rollups.service.js';
import { SeriesController } from './series/series.controller.js';
import { SeriesService } from './series/series.service.js';

/** What is read of the network: a folder for each resource. */
@Module({
  controllers: [
    OverviewController,
    BlocksController,
    EntriesController,
    RollupsController,
    ExecutorsController,
    OperationsController,
    SeriesController,
    PricesController,
    AccountsController,
    IncidentsController,
    AuditController,
    ConfigurationController,
  ],
  providers: [
    OverviewService,
    BlocksService,
    EntriesService,
    RollupsService,
    OperationsService,
    OperationDetailService,
    SeriesService,
    PricesService,
    AccountsService,
    IncidentsService,
    AuditService,
  ],
})
export class ReadsModule {}

/** Composes the admin API: the core, what it reads, health and the page at `/`. */
@Module({})
export class AdminApiModule {
  static of(settings: AdminApiSettings, logger: Logger): DynamicModule {
    return {
      module: AdminApiModule,
      imports: [
        CoreModule.of(settings, logger),
        AccessModule,
        ExecutorMonitorModule,
        ReadsModule,
        CommandsModule,
        EventsModule,
      ],
      controllers: [HealthController, MetricsController, HomeController],
    };
  }
}
