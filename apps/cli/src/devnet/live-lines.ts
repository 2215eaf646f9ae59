import { callRpc, FeedObserver, type Network, readLogId, waitFor } from '#libs/testkit';
import { heading, print } from '../console.js';
import { quantiles } from '../scenario/quantiles.js';

/**
 * One line a second until the signal: entries and transactions that came out of the verified feed, blocks, and how long
 * a block takes from log time to the subscriber.
 */
export async function showLiveLines(network: Network, signal: AbortSignal): Promise<void> {
  const { natsUrl, rpcUrl, chainIds } = network;
  const url = network.rollupUrl(chainIds[0]!);
  heading('Live, until Ctrl-C');
  const feed = await FeedObserver.start(natsUrl, rpcUrl, await readLogId(url), chainIds, { remember: false });
  let from = await blockNumber(url);
  try {
    // What was there before is not live.
    await waitFor(`the feed at block ${from}`, () => signal.aborted || feed.height() >= from, 120_000);
    feed.takeCounts();
    while (!signal.aborted) {
      await nextSecond(signal);
      if (signal.aborted) break;
      const head = await blockNumber(url).catch(() => null);
      if (head === null) {
        print('  the sequencer does not answer');
        continue;
      }
      const { entries, transactions, latenciesMs } = feed.takeCounts();
      const { p50, p99 } = quantiles(latenciesMs);
      print(
        `  block ${head}  ${head - from} blocks/s  ${transactions} tx/s  ${entries} entries/s  ` +
          `block to feed p50 ${p50} ms p99 ${p99} ms`,
      );
      from = head;
    }
  } finally {
    await feed.stop();
  }
}

const blockNumber = async (url: string): Promise<number> => Number(await callRpc<string>(url, 'eth_blockNumber', []));

function nextSecond(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const timer = setTimeout(done, 1_000);
    function done(): void {
      clearTimeout(timer);
      signal.removeEventListener('abort', done);
      resolve();
    }
    signal.addEventListener('abort', done, { once: true });
  });
}
