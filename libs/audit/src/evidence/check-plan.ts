import { type CheckedCertificate, EvidenceError, type RecoverAddress, type RegistryBook } from '#libs/atomic-commit';
import { checkIntentSignatures, indexRegistry, type IndexedSeries, isSamePlan, planOperation } from '#libs/options';
import type { PricePoint, Prices } from '#libs/options';
import {
  bytesToHex,
  commitmentDigest,
  equalBytes,
  findMarket,
  intentDigest,
  Price,
  Reason,
  type ReasonName,
} from '#libs/protocol';

/**
 * Plans a certificate's operation anew from its intent, the registry in force in PREPARE's block and the price that came
 * with it: id, signatures, participants, legs, payout and deadline must follow.
 *
 * What one entry cannot show: that no newer round of the market stood before PREPARE. Each participant's yes says that.
 * @throws EvidenceError
 */
export function checkCertificatePlan(
  { prepare, price }: CheckedCertificate,
  book: RegistryBook,
  recover: RecoverAddress,
): void {
  const { value, registry, header } = prepare;
  const { intent, signatures, operationId, priceRound } = value;
  const series = indexRegistry(registry).series(intent.value.series);
  if (!series) {
    const shown = bytesToHex(intent.value.series);
    throw new EvidenceError({ code: 'UNKNOWN_SERIES', series: shown }, `The registry lists no series ${shown}.`);
  }
  const digest = intentDigest(book.logId, series.terms.positionChainId, intent);
  if (!equalBytes(digest, operationId)) {
    const [expected, got] = [bytesToHex(digest), bytesToHex(operationId)];
    throw new EvidenceError(
      { code: 'OPERATION_ID', expected, got },
      `The intent's id is ${expected}, PREPARE says ${got}.`,
    );
  }
  const field = checkIntentSignatures(intent, signatures, registry, book.logId, recover);
  if (field) throw new EvidenceError({ code: 'INTENT_SIGNATURE', field }, `The intent is not signed by its ${field}.`);
  const prices = pricesOf(priceRound, price, series, book, recover);
  const { prepareMsMax } = book;
  const plan = planOperation({ intent, registry, prices, timestampMs: header.timestamp, prepareMsMax });
  if (!plan.ok) {
    const reason = Reason[plan.reason] as ReasonName;
    throw new EvidenceError({ code: 'PLAN_REFUSED', reason }, `The operation could not be prepared there: ${reason}.`);
  }
  if (!isSamePlan(plan, value)) {
    throw new EvidenceError(
      { code: 'PLAN_DIFFERS' },
      'Legs, participants, payout or deadline of PREPARE do not follow from its intent, the registry and the price.',
    );
  }
}

/** The one price that PREPARE names, as if it were all there is. */
function pricesOf(
  round: bigint,
  price: CheckedCertificate['price'],
  { terms, windowEndMs }: IndexedSeries,
  book: RegistryBook,
  recover: RecoverAddress,
): Prices {
  if (round === 0n) {
    if (price) throw new EvidenceError({ code: 'PRICE_STRAY' }, 'PREPARE names no price round, yet a price is given.');
    return { latest: () => null, settlement: () => null };
  }
  if (!price) {
    throw new EvidenceError(
      { code: 'PRICE_MISSING', round },
      `PREPARE names price round ${round}, which is not given.`,
    );
  }
  const { price: said, signature } = price.value;
  const isOfMarket = equalBytes(said.underlying, terms.underlying) && equalBytes(said.quote, terms.quote);
  if (said.round !== round || !isOfMarket) {
    throw new EvidenceError(
      { code: 'PRICE_OTHER', round: said.round },
      `The price given is round ${said.round}${isOfMarket ? '' : ' of another market'}, PREPARE names round ${round}.`,
    );
  }
  const market = findMarket(price.registry, said.underlying, said.quote);
  const signer = recover(commitmentDigest(book.logId, 'price', Price.hashTreeRoot(said)), signature);
  if (!market || !signer || !equalBytes(signer, market.priceKey)) {
    const shown = signer && bytesToHex(signer);
    throw new EvidenceError({ code: 'PRICE_SIGNATURE', signer: shown }, 'The price is not signed by the price key.');
  }
  const point: PricePoint = { round, price: said.price, timestampMs: price.header.timestamp };
  const settles = terms.expiryMs <= point.timestampMs && point.timestampMs <= windowEndMs;
  return { latest: () => point, settlement: () => (settles ? point : null) };
}
