import { type Abi, createPublicClient, createWalletClient, defineChain, type Hex, http } from 'viem';
import { mnemonicToAccount } from 'viem/accounts';
import { LocalSigner } from '#libs/crypto';
import { publishPrice } from '#libs/executor-sdk';
import { connectNats, type NatsConnection } from '#libs/messaging';
import { OPTIONS_MARKET_ABI, OPTIONS_MARKET_ADDRESS } from '#libs/options';
import { bytesToHex, hexToBytes } from '#libs/protocol';
import {
  DEVNET_MNEMONIC,
  devnetKeys,
  FeedObserver,
  type Network,
  OperationsClient,
  readLogId,
  AdminClient,
} from '#libs/testkit';

export const MARKET: Hex = bytesToHex(OPTIONS_MARKET_ADDRESS);

/** One rollup as a viem user sees it. */
function rollupClients(chainId: number, name: string, url: string) {
  const chain = defineChain({
    id: chainId,
    name,
    nativeCurrency: { name: 'Ether', symbol: 'ETH', decimals: 18 },
    rpcUrls: { default: { http: [url] } },
  });
  const transport = http(url);
  const reads = createPublicClient({ chain, transport, pollingInterval: 25, cacheTime: 0 });
  return { chain, name, url, reads, wallet: createWalletClient({ chain, transport }) };
}
export type RollupClients = ReturnType<typeof rollupClients>;

/** Everything the guided scenario acts with. */
export interface World {
  network: Network;
  logId: Uint8Array;
  rollups: RollupClients[];
  accounts: ReturnType<typeof mnemonicToAccount>[];
  operations: OperationsClient;
  registry: AdminClient;
  feed: FeedObserver;
  nats: NatsConnection;
  eth: Hex;
  usd: Hex;
  pool: Hex;
  /** Raised when the scenario is to end before its time. */
  signal: AbortSignal;
  /** Publishes a price of ETH in USD base units; resolves once it is durable. */
  setPrice(price: bigint): Promise<void>;
  /** A nonce for an intent that no earlier run has used. */
  freshNonce(): bigint;
  /** Ends the clients; the network goes on. */
  close(): Promise<void>;
}

/** Connects clients to a running devnet. */
export async function enterWorld(network: Network, signal: AbortSignal): Promise<World> {
  const { topology, rpcUrl, natsUrl } = network;
  const url = network.rollupUrl(network.chainIds[0]!);
  const logId = await readLogId(url);
  const nats = await connectNats({ servers: natsUrl, name: 'scenario' });
  const feed = await FeedObserver.start(natsUrl, rpcUrl, logId, network.chainIds);
  const registry = new AdminClient(url, natsUrl, logId, new LocalSigner(devnetKeys.registry()));
  const priceSigner = new LocalSigner(devnetKeys.price());
  const [ethAsset, usdAsset] = topology.assets;
  const eth = ethAsset!.address.toLowerCase() as Hex;
  const usd = usdAsset!.address.toLowerCase() as Hex;
  let lastRound = 0n;
  let nonce = BigInt(Date.now()) * 1_000_000n;
  return {
    network,
    logId,
    rollups: topology.rollups.map(({ chainId, name }) => rollupClients(chainId, name, network.rollupUrl(chainId))),
    accounts: Array.from({ length: 10 }, (_, addressIndex) => mnemonicToAccount(DEVNET_MNEMONIC, { addressIndex })),
    operations: new OperationsClient(url, logId),
    registry,
    feed,
    nats,
    eth,
    usd,
    pool: topology.pools[0]!.address as Hex,
    signal,
    async setPrice(price) {
      const now = BigInt(Date.now());
      lastRound = now > lastRound ? now : lastRound + 1n;
      const round = lastRound;
      const assets = { underlying: hexToBytes(eth), quote: hexToBytes(usd) };
      const result = await publishPrice(
        nats,
        logId,
        { ...assets, round, price, observedAtMs: Date.now() },
        priceSigner,
      );
      if ('code' in result) throw new Error(`the price was refused: ${result.message}`);
    },
    freshNonce: () => nonce++,
    async close() {
      await feed.stop();
      await registry.close();
      await nats.close();
    },
  };
}

/** What someone has on one rollup: assets, and positions of one series. */
export async function readContract<T>(
  rollup: RollupClients,
  functionName: string,
  args: readonly unknown[],
): Promise<T> {
  const call = { address: MARKET, abi: OPTIONS_MARKET_ABI as Abi, functionName, args };
  return (await rollup.reads.readContract(call)) as T;
}
