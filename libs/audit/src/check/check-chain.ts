import { bytesToHex, commitmentDigest, equalBytes, registryRoot } from '#libs/protocol';
import type { AuditedBlock } from '../source/audit-source.js';
import type { AuditState } from './audit-state.js';

/** Headers one after another (I2, I3, I7): numbers, parents, epochs, log time, registry and signature. */
export class ChainCheck {
  private number = 0;
  private parent: Uint8Array;
  private epoch = 0;
  private epochLeader: Uint8Array | null = null;
  private timestampMs: number;

  constructor(private readonly state: AuditState) {
    this.parent = state.logId;
    this.timestampMs = state.genesis.startTimeMs;
  }

  /** @param hash the header's root, computed */
  check(block: AuditedBlock, hash: Uint8Array): void {
    const { header, number } = block;
    if (this.state.audits) {
      this.checkPlace(block);
      this.checkStored(block, hash);
      this.checkAuthor(block, hash);
    }
    this.number = number;
    this.parent = hash;
    if (header.epoch > this.epoch) this.epochLeader = null;
    this.epoch = Math.max(this.epoch, header.epoch);
    this.epochLeader ??= header.leader;
    this.timestampMs = Math.max(this.timestampMs, header.timestamp);
  }

  private checkPlace({ header, number }: AuditedBlock): void {
    const { problems, logId } = this.state;
    if (number !== this.number + 1) {
      problems.add('I2 BLOCK_MISSING', this.number + 1, `block ${number} follows block ${this.number}`);
    } else if (!equalBytes(header.parentHash, this.parent)) {
      const [says, is] = [bytesToHex(header.parentHash), bytesToHex(this.parent)];
      problems.add('I2 PARENT_HASH', number, `block ${number} names parent ${says}; the block before is ${is}`);
    }
    if (header.number !== number) {
      problems.add('I2 BLOCK_NUMBER', number, `the header stored as block ${number} says ${header.number}`);
    }
    if (!equalBytes(header.logId, logId)) {
      const says = bytesToHex(header.logId);
      problems.add('I2 FOREIGN_LOG', number, `block ${number} belongs to log ${says}, genesis is ${bytesToHex(logId)}`);
    }
    if (header.epoch < this.epoch) {
      problems.add('I3 EPOCH_FALLS', number, `block ${number} is of epoch ${header.epoch}, after ${this.epoch}`);
    } else if (header.epoch === this.epoch && this.epochLeader && !equalBytes(this.epochLeader, header.leader)) {
      const [now, first] = [bytesToHex(header.leader), bytesToHex(this.epochLeader)];
      problems.add(
        'I3 EPOCH_LEADER',
        number,
        `block ${number} of epoch ${header.epoch} is led by ${now}, not ${first}`,
      );
    }
    if (header.timestamp < this.timestampMs) {
      problems.add(
        'I7 TIMESTAMP_FALLS',
        number,
        `block ${number} lies at ${header.timestamp}, after ${this.timestampMs}`,
      );
    }
  }

  private checkStored({ header, number, stored, faults }: AuditedBlock, hash: Uint8Array): void {
    const { problems } = this.state;
    for (const { rule, message } of faults) problems.add(rule, number, message);
    if (!stored) return;
    if (!equalBytes(stored.hash, hash)) {
      const [says, is] = [bytesToHex(stored.hash), bytesToHex(hash)];
      problems.add('I2 BLOCK_HASH', number, `block ${number} is stored as ${says}; its header's root is ${is}`);
    }
    for (const [column, says, is] of [
      ['epoch', stored.epoch, header.epoch],
      ['timestamp_ms', stored.timestampMs, header.timestamp],
      ['first_sequence', stored.firstSequence, header.firstSequence],
      ['entry_count', stored.entryCount, header.entryCount],
    ] as const) {
      if (says === is) continue;
      problems.add('I2 BLOCK_ROW', number, `block ${number} is stored with ${column} ${says}, its header says ${is}`);
    }
  }

  private checkAuthor({ header, number, signature }: AuditedBlock, hash: Uint8Array): void {
    const { problems, registry, logId, recover } = this.state;
    if (header.version !== registry.protocolVersion) {
      problems.add('I2 PROTOCOL_VERSION', number, `block ${number} follows version ${header.version} of the rules`);
    }
    const inForce = registryRoot(registry);
    if (!equalBytes(header.registryRoot, inForce)) {
      const says = bytesToHex(header.registryRoot);
      problems.add(
        'I2 REGISTRY_ROOT',
        number,
        `block ${number} names registry ${says}, in force is ${bytesToHex(inForce)}`,
      );
    }
    const leader = bytesToHex(header.leader);
    if (!registry.sequencerKeys.some((key) => equalBytes(key, header.leader))) {
      problems.add('I2 UNKNOWN_LEADER', number, `block ${number} names ${leader}, which is no sequencer's key`);
    }
    const signer = recover(commitmentDigest(logId, 'header', hash), signature);
    if (signer && equalBytes(signer, header.leader)) return;
    const shown = signer ? bytesToHex(signer) : 'nobody';
    problems.add('I2 HEADER_SIGNATURE', number, `block ${number} is signed by ${shown}, not by its leader ${leader}`);
  }
}
