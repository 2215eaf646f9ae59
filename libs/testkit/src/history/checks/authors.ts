import { checkIntentSignatures, indexRegistry } from '#libs/options';
import {
  bytesToHex,
  commitmentDigest,
  equalBytes,
  findMarket,
  intentDigest,
  Price,
  type Registry,
} from '#libs/protocol';
import type { Check, CheckContext } from '../check-context.js';
import type { IndexedPrepare, IndexedPrice } from '../decode-entries.js';
import { tryRegistryChange } from '../registry-timeline.js';
import { type Tally } from '../report.js';
import { checkAcknowledged } from './clients.js';

/**
 * I8: everything acknowledged is in the log, and nothing is in it that nobody sent. Prices, registry changes and
 * operations carry their authors' signatures, so that these are checked whoever the clients are.
 */
export const checkSent: Check = (context) => {
  const tally = checkAcknowledged(context);
  const { index } = context;
  for (const { entry, reason } of index.unreadable) {
    tally.expect(false, () => `entry ${entry.sequence} cannot be read: ${reason}`, { entries: [entry] });
  }
  checkRegistryChanges(context, tally);
  for (const price of index.prices) {
    tally.expect(isSignedPrice(context, price), () => `price ${price.entry.sequence} is not signed by the price key`, {
      entries: [price.entry],
    });
  }
  for (const prepare of index.prepares) {
    const fault = intentFault(context, prepare);
    tally.expect(!fault, () => `operation ${prepare.operationId}: ${fault}`, { entries: [prepare.entry] });
  }
  return tally;
};

function checkRegistryChanges({ index, recover }: CheckContext, tally: Tally): void {
  let registry: Registry | null = null;
  let blockNumber = 0;
  for (const { entry, block } of index.registryChanges) {
    if (!registry || block.number !== blockNumber) registry = block.registry;
    blockNumber = block.number;
    const { registryKey } = block.registry;
    const result = tryRegistryChange(registry, registryKey, entry.bytes, { block, logId: index.logId, recover });
    tally.expect(result.ok, () => `registry change ${entry.sequence} is void: ${result.ok ? '' : result.reason}`, {
      entries: [entry],
    });
    if (result.ok) registry = result.registry;
  }
}

function isSignedPrice({ index, recover }: CheckContext, { signed, block }: IndexedPrice): boolean {
  const { price, signature } = signed;
  const market = findMarket(block.registry, price.underlying, price.quote);
  const signer = recover(commitmentDigest(index.logId, 'price', Price.hashTreeRoot(price)), signature);
  return market !== undefined && signer !== null && equalBytes(signer, market.priceKey);
}

function intentFault({ index, recover }: CheckContext, { prepare, block }: IndexedPrepare): string | null {
  const { intent, signatures, operationId } = prepare;
  const series = indexRegistry(block.registry).series(intent.value.series);
  if (!series) return `its series ${bytesToHex(intent.value.series)} is not listed`;
  const digest = intentDigest(index.logId, series.terms.positionChainId, intent);
  if (!equalBytes(digest, operationId)) return `its intent is ${bytesToHex(digest)}`;
  const field = checkIntentSignatures(intent, signatures, block.registry, index.logId, recover);
  return field && `its ${field} did not sign`;
}
