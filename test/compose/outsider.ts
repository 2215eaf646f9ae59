// What someone outside sees of the network: the published ports and nothing else.
import { createPublicClient, createWalletClient, defineChain, http, parseEther } from 'viem';
import { mnemonicToAccount } from 'viem/accounts';
import { expect, test } from 'vitest';
import { HttpReplay } from '#libs/executor-sdk';
import type { Hex } from '#libs/protocol';
import { callRpc, DEVNET_MNEMONIC, type IntentFields, OperationsClient, readLogId, waitFor } from '#libs/testkit';
import { adminUrl, compose, rpcUrl, type Sequencer } from './fixtures/compose.js';

const CHAINS = [84001, 84002, 84003];
const SEQUENCERS: Sequencer[] = ['sequencer-1', 'sequencer-2'];
const ETHER = 10n ** 18n;
const OPERATION_MS_MAX = 20_000;
const EVENTS_MS_MAX = 30_000;
// The load within the network uses accounts 0 to 8; of 7 and 8 only to send transactions, so they may sign intents here.
const account = (addressIndex: number) => mnemonicToAccount(DEVNET_MNEMONIC, { addressIndex });

function viem(chainId: number, sequencer: Sequencer) {
  const url = `${rpcUrl(sequencer)}/${chainId}`;
  const nativeCurrency = { name: 'Ether', symbol: 'ETH', decimals: 18 };
  const chain = defineChain({ id: chainId, name: 'lockstep', nativeCurrency, rpcUrls: { default: { http: [url] } } });
  const reads = createPublicClient({ chain, transport: http(url), pollingInterval: 50, cacheTime: 0 });
  return { reads, wallet: createWalletClient({ chain, transport: http(url) }) };
}

interface RegistryJson {
  series: { id: Hex; isPut: boolean; isEuropean: boolean; positionChainId: number }[];
}

export function outsiderTests(): void {
  test.each(CHAINS)(
    'an unmodified viem client sends to rollup %i by either sequencer and reads by the other',
    async (chainId) => {
      for (const [index, sequencer] of SEQUENCERS.entries()) {
        const other = viem(chainId, SEQUENCERS[1 - index]!);
        const to = account(1).address;
        const { wallet } = viem(chainId, sequencer);
        const hash = await wallet.sendTransaction({ account: account(9), to, value: parseEther('0.5') });
        const receipt = await other.reads.waitForTransactionReceipt({ hash });
        expect(receipt).toMatchObject({ status: 'success', to: to.toLowerCase() });
        expect((await other.reads.getTransaction({ hash })).value).toBe(parseEther('0.5'));
      }
    },
  );

  test('a write, an exercise and a close across three rollups are signed outside, submitted, and committed', async () => {
    const url = `${rpcUrl('sequencer-2')}/${CHAINS[0]}`;
    const logId = await readLogId(url);
    const operations = new OperationsClient(url, logId);
    const { series } = await callRpc<RegistryJson>(url, 'lockstep_getRegistry', []);
    const call = series.find(({ isPut, isEuropean }) => !isPut && !isEuropean)!;
    const [writer, holder] = [account(8), account(7)];
    let nonce = BigInt(Date.now()) << 64n;
    const common = () => ({
      series: call.id,
      backer: writer.address,
      nonce: nonce++,
      deadlineMs: BigInt(Date.now() + 9_000),
    });
    const settle = async <K extends keyof IntentFields>(
      kind: K,
      intent: IntentFields[K],
      signers: (typeof writer)[],
    ) => {
      const { id } = await operations.submit(kind, call.positionChainId, intent, signers);
      let status = '';
      await waitFor(
        `the end of ${kind}`,
        async () => (status = (await operations.get(id))?.status ?? '') !== 'prepared' && status !== '',
        OPERATION_MS_MAX,
      );
      return status;
    };
    const parties = { writer: writer.address, buyer: holder.address };
    const write = { ...common(), ...parties, quantity: 3n * ETHER, premium: 0n };
    expect(await settle('WriteIntent', write, [writer, holder])).toBe('committed');
    const exercise = {
      ...common(),
      holder: holder.address,
      quantity: ETHER,
      minPriceRound: 0n,
      maxPriceAgeMs: 60_000n,
    };
    expect(await settle('ExerciseIntent', exercise, [holder])).toBe('committed');
    const close = { ...common(), holder: holder.address, quantity: 2n * ETHER, payment: 0n };
    expect(await settle('CloseIntent', close, [holder, writer])).toBe('committed');
  });

  test('replay over HTTP gives the same blocks at both sequencers', async () => {
    for (const chainId of CHAINS) {
      const [first, second] = await Promise.all(
        SEQUENCERS.map((sequencer) =>
          new HttpReplay(rpcUrl(sequencer)).replay(chainId, { from: 1, limit: 20, offset: 0 }),
        ),
      );
      expect(first!.slices.length).toBeGreaterThan(5);
      const both = Math.min(first!.slices.length, second!.slices.length);
      expect(second!.slices.slice(0, both)).toEqual(first!.slices.slice(0, both));
    }
  });

  test('the admin API shows its documentation to all, and its data to nobody without a key', async () => {
    expect(await (await fetch(`${adminUrl()}/docs`)).text()).toContain('<html');
    const openApi = (await (await fetch(`${adminUrl()}/openapi.json`)).json()) as { openapi: string };
    expect(openApi.openapi).toMatch(/^3\./);
    expect((await fetch(`${adminUrl()}/api/v1/rollups`)).status).toBe(401);
  });

  test('with a key that an operator made, the admin API tells what there is, and what happens as it happens', async () => {
    const create = ['api-key', 'create', '--name', 'outsider', '--role', 'viewer'];
    const [key] = (await compose('run', '--rm', '--no-deps', '--no-TTY', 'operator', ...create)).split('\n');
    const headers = { authorization: `Bearer ${key}` };
    const rollups = await (await fetch(`${adminUrl()}/api/v1/rollups`, { headers })).text();
    for (const chainId of CHAINS) expect(rollups).toContain(String(chainId));
    const events = await fetch(`${adminUrl()}/api/v1/events`, { headers, signal: AbortSignal.timeout(EVENTS_MS_MAX) });
    expect(events.headers.get('content-type')).toContain('text/event-stream');
    const decoder = new TextDecoder();
    let told = '';
    for await (const part of events.body!) {
      told += decoder.decode(part as Uint8Array, { stream: true });
      if ((told.match(/^data: /gm) ?? []).length >= 5) break;
    }
    expect(told).toMatch(/^id: .+$/m);
  });

  test('a second start finds the network as it is: nothing is made anew', async () => {
    const before = await readLogId(`${rpcUrl('sequencer-1')}/${CHAINS[0]}`);
    await compose('up', '--detach', '--wait');
    expect(await readLogId(`${rpcUrl('sequencer-1')}/${CHAINS[0]}`)).toEqual(before);
  });
}
