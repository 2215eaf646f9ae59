import { bytesToHex, concatBytes, equalBytes, Genesis, logId as logIdOf } from '#libs/protocol';
import { SliceError } from '../verify/slice-error.js';
import { type ReplaySource } from './replay-source.js';

/** A genesis far beyond any topology; what is larger is an error. */
const GENESIS_BYTES_MAX = 256 * 1024 * 1024;

/**
 * Fetches block 0 in parts.
 *
 * @param logId what the genesis must hash to, where it is known
 * @throws SliceError `FOREIGN_LOG` for another genesis, `SLICE_MALFORMED` for none; what the source throws
 */
export async function fetchGenesis(source: ReplaySource, chainId: number, logId?: Uint8Array): Promise<Genesis> {
  const parts: Uint8Array[] = [];
  let received = 0;
  for (;;) {
    const { genesisBytes, genesisPart } = await source.replay(chainId, { from: 0, limit: 0, offset: received });
    received += genesisPart.length;
    parts.push(genesisPart);
    if (genesisPart.length === 0 || genesisBytes > GENESIS_BYTES_MAX || received > genesisBytes) {
      throw malformed(`a part of ${genesisPart.length} bytes of ${genesisBytes}, ${received} received`, parts);
    }
    if (received === genesisBytes) break;
  }
  const bytes = concatBytes(...parts);
  let genesis: Genesis;
  try {
    genesis = Genesis.deserialize(bytes);
  } catch (error) {
    throw malformed((error as Error).message, [bytes]);
  }
  assertLog(genesis, logId, bytes);
  return genesis;
}

function assertLog(genesis: Genesis, logId: Uint8Array | undefined, bytes: Uint8Array): void {
  const actual = logIdOf(genesis);
  if (!logId || equalBytes(actual, logId)) return;
  const [expected, got] = [bytesToHex(logId), bytesToHex(actual)];
  throw new SliceError({ code: 'FOREIGN_LOG', expected, got }, `The genesis is that of log ${got}, not ${expected}.`, [
    bytes,
  ]);
}

function malformed(reason: string, evidence: Uint8Array[]): SliceError {
  return new SliceError({ code: 'SLICE_MALFORMED', reason }, `What was sent is no genesis: ${reason}.`, evidence);
}
