import { Global, Module } from '@nestjs/common';
import { APP_GUARD } from '@nestjs/core';
import { ThrottlerStorageService } from '@nestjs/throttler';
import { AccessGuard } from './access.guard.js';
import { AccessService } from './access.service.js';
import { AddressRateLimitGuard, KeyRateLimitGuard } from './rate-limit.guard.js';

/** Who may call what, and how often: guards before every route, in this order. */
@Global()
@Module({
  providers: [
    ThrottlerStorageService,
    AccessService,
    { provide: APP_GUARD, useClass: AddressRateLimitGuard },
    { provide: APP_GUARD, useClass: AccessGuard },
    { provide: APP_GUARD, useClass: KeyRateLimitGuard },
  ],
  exports: [AccessService],
})
export class AccessModule {}
