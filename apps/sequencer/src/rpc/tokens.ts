/** The injection token of the {@link RpcBackend} that the JSON-RPC server asks. */
export const RPC_BACKEND = Symbol('RPC_BACKEND');
