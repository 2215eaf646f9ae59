import { type DynamicModule, Module } from '@nestjs/common';
import { FeedController } from './feed.controller.js';
import type { RpcBackend } from './rpc-backend.js';
import { RpcController } from './rpc.controller.js';
import { RPC_BACKEND } from './tokens.js';

/** JSON-RPC and replay over HTTP. */
@Module({})
export class RpcModule {
  static register(backend: RpcBackend): DynamicModule {
    return {
      module: RpcModule,
      controllers: [RpcController, FeedController],
      providers: [{ provide: RPC_BACKEND, useValue: backend }],
    };
  }
}
