import { recoverAddress } from '#libs/crypto';
import {
  commitmentDigest,
  Decision,
  entryBody,
  EntryKind,
  firstSigner,
  hexToBytes,
  bytesToHex,
  type Hex,
  Prepare,
  type Price,
  SignedPrice,
  SignedStateRoot,
  StateRoot,
} from '#libs/protocol';

/** An entry that is no transaction, with its block's log time in ms. */
export interface ProjectedEntry {
  sequence: bigint;
  blockNumber: number;
  timestampMs: number;
  kind: EntryKind;
  /** Kind byte ‖ body. */
  bytes: Uint8Array;
}

interface At {
  sequence: bigint;
  blockNumber: number;
  timestampMs: number;
}

export interface PreparedRow extends At {
  prepare: Prepare;
  signer: Uint8Array;
  /** Each account once: owners and backers of legs, signers. */
  accounts: Uint8Array[];
}

export interface ProjectionRows {
  prepared: PreparedRow[];
  decided: (At & { decision: Decision })[];
  prices: (At & { price: Price })[];
  /** The newest of each rollup and key. */
  stateRoots: (At & { stateRoot: StateRoot; signer: Uint8Array })[];
}

/** What a run of entries, in their order, adds to the projections. */
export function projectionRows(entries: readonly ProjectedEntry[]): ProjectionRows {
  const rows: ProjectionRows = { prepared: [], decided: [], prices: [], stateRoots: [] };
  const roots = new Map<string, ProjectionRows['stateRoots'][number]>();
  for (const { kind, bytes, sequence, blockNumber, timestampMs } of entries) {
    const at = { sequence, blockNumber, timestampMs };
    const body = entryBody(bytes);
    switch (kind) {
      case EntryKind.PREPARE:
        rows.prepared.push({ ...at, ...preparedRow(Prepare.deserialize(body) as Prepare) });
        break;
      case EntryKind.DECISION:
        rows.decided.push({ ...at, decision: Decision.deserialize(body) });
        break;
      case EntryKind.PRICE:
        rows.prices.push({ ...at, price: SignedPrice.deserialize(body).price });
        break;
      case EntryKind.STATE_ROOT: {
        const { stateRoot, signature } = SignedStateRoot.deserialize(body);
        const digest = commitmentDigest(stateRoot.logId, 'root', StateRoot.hashTreeRoot(stateRoot));
        const signer = recoverAddress(digest, signature);
        if (signer) roots.set(`${stateRoot.chainId}:${bytesToHex(signer)}`, { ...at, stateRoot, signer });
        break;
      }
      default:
      // Transactions are found by the log's own indexes, registry changes are read one by one.
    }
  }
  rows.stateRoots = [...roots.values()];
  return rows;
}

const NOBODY = `0x${'00'.repeat(20)}`;

function preparedRow(prepare: Prepare): Pick<PreparedRow, 'prepare' | 'signer' | 'accounts'> {
  const { intent, legs } = prepare;
  const { backer } = intent.value;
  const parties = 'holder' in intent.value ? [intent.value.holder] : [intent.value.writer, intent.value.buyer];
  const named = [...parties, backer, ...legs.flatMap((leg) => [leg.owner, leg.backer])].map(bytesToHex);
  const accounts = [...new Set<Hex>(named)].filter((account) => account !== NOBODY).map(hexToBytes);
  return { prepare, signer: firstSigner(intent), accounts };
}
