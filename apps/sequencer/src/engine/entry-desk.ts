import type { RecoverAddress } from '#libs/atomic-commit';
import type { NewEntry, PlacedEntry, SealedBlock } from '#libs/ordering';
import {
  applyRegistryChange,
  bytesToHex,
  commitmentDigest,
  encodeEntry,
  EntryKind,
  entryId,
  equalBytes,
  findMarket,
  Price,
  type Registry,
  RegistryAction,
  RegistryChange,
  SHARED_LANE,
  SignedPrice,
  SignedRegistryChange,
  sszRoot,
} from '#libs/protocol';
import type { CommandPlace } from './audit-candidate.js';
import type { SequencerMetrics } from '#libs/runtime';
import { countSubmission } from '../metrics/count-submission.js';
import type { Candidate, DraftContext } from './candidate.js';
import type { IntakeQueue } from './intake-queue.js';
import { SubmissionError } from './submission-error.js';

/** Where an entry came to stand. */
export interface EntryPlace {
  block: number;
  sequence: bigint;
}

export interface EntryDeskModules {
  logId: Uint8Array;
  queue: IntakeQueue;
  recover: RecoverAddress;
  registry: () => Registry;
  /** Address of the key that signs this node's headers. */
  leader: Uint8Array;
  metrics?: SequencerMetrics;
}

/** Admits signed prices and signed changes of the registry. Each resolves once it is durable. */
export class EntryDesk {
  constructor(private readonly modules: EntryDeskModules) {}

  /** @param bytes SSZ of a `SignedPrice`. @throws SubmissionError */
  submitPrice(bytes: Uint8Array): Promise<EntryPlace> {
    return countSubmission(this.modules.metrics, 'price', () => this.admitPrice(bytes));
  }

  /**
   * @param bytes SSZ of a `SignedRegistryChange`
   * @param requestedBy who asked for it, for the audit log
   * @throws SubmissionError
   */
  submitRegistryChange(bytes: Uint8Array, requestedBy?: string): Promise<CommandPlace> {
    return countSubmission(this.modules.metrics, 'registry_change', () => this.admitRegistryChange(bytes, requestedBy));
  }

  private async admitPrice(bytes: Uint8Array): Promise<EntryPlace> {
    const signed = decode(() => SignedPrice.deserialize(bytes), 'signed price');
    const { price, signature } = signed;
    const market = findMarket(this.modules.registry(), price.underlying, price.quote);
    if (!market) throw SubmissionError.of('PRICE_UNKNOWN_MARKET', 'the registry lists no market of these two assets');
    const signer = this.assertSigned('price', sszRoot(Price, price), signature, market.priceKey);
    return this.enqueue(EntryKind.PRICE, bytes, ({ draft, prices }) => {
      const inForce = findMarket(draft.registry, price.underlying, price.quote)!;
      assertKey('price', signer, inForce.priceKey);
      prices.apply(price, draft.timestampMs, draft.registry);
    });
  }

  private async admitRegistryChange(bytes: Uint8Array, requestedBy?: string): Promise<CommandPlace> {
    const { change, signature } = decode(() => SignedRegistryChange.deserialize(bytes), 'signed registry change');
    const { registryKey } = this.modules.registry();
    const signer = this.assertSigned('registry', sszRoot(RegistryChange, change), signature, registryKey);
    let auditId = 0n;
    const place = await this.enqueue(EntryKind.REGISTRY_CHANGE, bytes, (context) => {
      assertKey('registry', signer, context.draft.registry.registryKey);
      const next = applyRegistryChange(context.nextRegistry, change, context.draft.timestampMs);
      this.assertStillLeads(next);
      context.nextRegistry = next;
      auditId = context.audit({
        actor: `registry key ${bytesToHex(signer)}`,
        command: `registry.${RegistryAction[change.action.selector]?.toLowerCase() ?? 'change'}`,
        detail: {
          nonce: change.nonce,
          change: bytesToHex(RegistryChange.serialize(change)),
          ...(requestedBy === undefined ? {} : { requestedBy }),
        },
      }).id;
    });
    return { ...place, auditId };
  }

  private assertSigned(
    kind: 'price' | 'registry',
    root: Uint8Array,
    signature: Uint8Array,
    key: Uint8Array,
  ): Uint8Array {
    const signer = this.modules.recover(commitmentDigest(this.modules.logId, kind, root), signature);
    if (!signer) throw notSigned(kind);
    assertKey(kind, signer, key);
    return signer;
  }

  /** Followers take no header of a key that the registry does not name: who leads cannot remove its own. */
  private assertStillLeads({ sequencerKeys }: Registry): void {
    if (sequencerKeys.some((key) => equalBytes(key, this.modules.leader))) return;
    throw SubmissionError.of('KEY_LEADS', 'this is the key of the sequencer that leads; transfer leadership first');
  }

  private enqueue(kind: EntryKind, body: Uint8Array, effect: (context: DraftContext) => void): Promise<EntryPlace> {
    return new Promise((resolve, reject) => {
      const bytes = encodeEntry(kind, body);
      const entry: NewEntry = { kind, lane: SHARED_LANE, id: entryId(bytes), sender: null, nonce: null, bytes };
      this.modules.queue.push(new EntryCandidate(entry, effect, resolve, reject));
    });
  }
}

/** Judged once more when the entry is placed: what was signed by the key of an earlier block may be no more. */
function assertKey(kind: string, signer: Uint8Array, key: Uint8Array): void {
  if (!equalBytes(signer, key)) throw notSigned(kind);
}

const notSigned = (kind: string): SubmissionError =>
  SubmissionError.of('INVALID_SIGNATURE', `invalid signature: the ${kind} key of the registry did not sign this`);

class EntryCandidate implements Candidate {
  readonly lane = SHARED_LANE;

  constructor(
    private readonly entry: NewEntry,
    private readonly effect: (context: DraftContext) => void,
    private readonly resolve: (place: EntryPlace) => void,
    private readonly reject: (error: SubmissionError) => void,
  ) {}

  get bytesMax(): number {
    return this.entry.bytes.length;
  }

  place(context: DraftContext): NewEntry {
    this.effect(context);
    return this.entry;
  }

  durable(entry: PlacedEntry, block: SealedBlock): void {
    this.resolve({ block: block.header.number, sequence: entry.sequence });
  }

  refused(error: SubmissionError): void {
    this.reject(error);
  }
}

function decode<T>(deserialize: () => T, what: string): T {
  try {
    return deserialize();
  } catch (thrown) {
    const problem = thrown instanceof Error ? thrown.message : String(thrown);
    throw SubmissionError.of('MALFORMED', `these bytes are no ${what}: ${problem}`, { rpcCode: -32602 });
  }
}
