export { configureRpcServer, createRpcAdapter } from './http/configure-rpc-server.js';
export { RpcModule } from './rpc.module.js';
