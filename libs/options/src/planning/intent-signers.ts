import { equalBytes, type Intent, intentDigest, OperationKind, type Registry } from '#libs/protocol';
import type { RecoverAddress } from '#libs/atomic-commit';
import { indexRegistry } from '../registry-index.js';

interface Signer {
  /** The intent's field that names the signer. */
  field: 'holder' | 'writer' | 'buyer' | 'backer';
  address: Uint8Array;
}

/**
 * Who has to sign an intent, in the order of PREPARE's signatures, each address once: an exercise the holder; a write
 * the writer, the buyer and, where a pool backs it, the pool's operator; a close the holder and the backer or its
 * pool's operator.
 */
export function requiredSigners(intent: Intent, registry: Registry): Uint8Array[] {
  return signersOf(intent, registry).map(({ address }) => address);
}

/**
 * Checks the signatures of an intent. All signers sign one digest, in the domain of the rollup of the series' long
 * positions; the digest is the operation's id.
 * @param signatures r ‖ s ‖ v of 65 bytes each, one for each of {@link requiredSigners}, in that order
 * @param digestOf the intent's digest in that domain, where the caller has computed it
 * @returns null when all are good; else the intent's field whose signer did not sign, `signatures` when their number is
 * wrong, `series` when the registry does not know it
 */
export function checkIntentSignatures(
  intent: Intent,
  signatures: readonly Uint8Array[],
  registry: Registry,
  logId: Uint8Array,
  recover: RecoverAddress,
  digestOf: Uint8Array | null = null,
): string | null {
  const series = indexRegistry(registry).series(intent.value.series);
  if (!series) return 'series';
  const signers = signersOf(intent, registry);
  if (signatures.length !== signers.length) return 'signatures';
  const digest = digestOf ?? intentDigest(logId, series.terms.positionChainId, intent);
  for (const [index, { field, address }] of signers.entries()) {
    const recovered = recover(digest, signatures[index]!);
    if (!recovered || !equalBytes(recovered, address)) return field;
  }
  return null;
}

function signersOf(intent: Intent, registry: Registry): Signer[] {
  const pool = indexRegistry(registry).pool(intent.value.backer);
  switch (intent.selector) {
    case OperationKind.exercise:
      return [{ field: 'holder', address: intent.value.holder }];
    case OperationKind.write: {
      const { writer, buyer } = intent.value;
      const signers: Signer[] = [
        { field: 'writer', address: writer },
        { field: 'buyer', address: buyer },
      ];
      return distinct(pool ? [...signers, { field: 'backer', address: pool.operator }] : signers);
    }
    case OperationKind.close: {
      const { holder, backer } = intent.value;
      return distinct([
        { field: 'holder', address: holder },
        { field: 'backer', address: pool?.operator ?? backer },
      ]);
    }
  }
}

const distinct = (signers: Signer[]): Signer[] =>
  signers.filter(({ address }, index) => signers.findIndex((other) => equalBytes(other.address, address)) === index);
