import { Controller, Get, Inject } from '@nestjs/common';
import { ApiTags } from '@nestjs/swagger';
import type { z } from 'zod';
import { OPTIONS_MARKET_ADDRESS } from '#libs/options';
import {
  bytesToHex,
  LANE_ENTRIES_MAX,
  LEGS_MAX,
  logId,
  PARTICIPANTS_MAX,
  type Registry,
  ROLLUPS_MAX,
  SERIES_MAX,
  SLICE_BYTES_MAX,
  TRANSACTION_BYTES_MAX,
} from '#libs/protocol';
import { Access } from '../access/access.decorator.js';
import type { AdminApiSettings } from '../config.js';
import { Parts } from '../core/parts.js';
import { SETTINGS } from '../core/tokens.js';
import { ProblemError } from '../http/problem.js';
import { LogView } from '../network/log-view.js';
import { ApiRead } from '../openapi/api-read.decorator.js';
import { Configuration } from './configuration.schema.js';

const text = (bytes: Uint8Array): string => Buffer.from(bytes).toString('utf8');

@ApiTags('configuration')
@Access('viewer')
@Controller('api/v1/configuration')
export class ConfigurationController {
  private logId: Uint8Array | null = null;

  constructor(
    @Inject(SETTINGS) private readonly settings: AdminApiSettings,
    @Inject(LogView) private readonly view: LogView,
    @Inject(Parts) private readonly parts: Parts,
  ) {}

  @Get()
  @ApiRead({
    summary: 'Get the configuration in force',
    description: 'The registry, what genesis fixes, bounds, and settings without secrets.',
    schema: Configuration,
    problems: [503],
  })
  getConfiguration(): z.output<typeof Configuration> {
    const { genesis, registry, leader } = this.view;
    if (!genesis || !registry) throw ProblemError.away(this.parts.missing());
    // Hashing a genesis takes long where it has many balances.
    const salt = bytesToHex((this.logId ??= logId(genesis)));
    return {
      logId: salt,
      domain: { name: 'Lockstep', version: '1', salt },
      genesis: {
        version: genesis.version,
        startTimeMs: genesis.startTimeMs,
        prepareMsMax: genesis.prepareMsMax,
        nativeAsset: bytesToHex(genesis.nativeAsset),
        feeAccount: bytesToHex(genesis.feeAccount),
        marketAddress: bytesToHex(OPTIONS_MARKET_ADDRESS),
      },
      bounds: {
        rollupsMax: ROLLUPS_MAX,
        laneEntriesMax: LANE_ENTRIES_MAX,
        participantsMax: PARTICIPANTS_MAX,
        legsMax: LEGS_MAX,
        seriesMax: SERIES_MAX,
        transactionBytesMax: TRANSACTION_BYTES_MAX,
        sliceBytesMax: SLICE_BYTES_MAX,
      },
      registry: registryView(registry),
      leader: leader && leader.holder !== '' ? { epoch: leader.epoch, url: leader.url, leaseMs: leader.leaseMs } : null,
      adminApi: {
        statementMs: this.settings.LOCKSTEP_ADMIN_STATEMENT_MS,
        readMs: this.settings.LOCKSTEP_ADMIN_READ_MS,
        poolSize: this.settings.LOCKSTEP_ADMIN_POOL_SIZE,
        openReads: this.settings.LOCKSTEP_ADMIN_OPEN_READS,
      },
      missing: this.parts.missing(),
    };
  }
}

function registryView(registry: Registry): z.output<typeof Configuration>['registry'] {
  return {
    protocolVersion: registry.protocolVersion,
    changeCount: registry.changeCount,
    registryKey: bytesToHex(registry.registryKey),
    sequencerKeys: registry.sequencerKeys.map(bytesToHex),
    rollups: registry.rollups.map(({ chainId, name, votingKey, replicaKeys, paused, quarantined }) => ({
      ...{ chainId, paused, quarantined },
      name: text(name),
      votingKey: bytesToHex(votingKey),
      replicaKeys: replicaKeys.map(bytesToHex),
    })),
    assets: registry.assets.map(({ address, symbol, decimals }) => {
      return { address: bytesToHex(address), symbol: text(symbol), decimals };
    }),
    pools: registry.pools.map(({ address, operator, name }) => {
      return { address: bytesToHex(address), operator: bytesToHex(operator), name: text(name) };
    }),
    markets: registry.markets.map(({ underlying, quote, priceKey }) => ({
      underlying: bytesToHex(underlying),
      quote: bytesToHex(quote),
      priceKey: bytesToHex(priceKey),
    })),
    seriesCount: registry.series.length,
  };
}
