import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { privateKeyFromMnemonic, addressOfPrivateKey } from '#libs/crypto';
import { bytesToHex } from '#libs/protocol';
import { DEVNET_MNEMONIC } from '../../network/devnet-keys.js';
import { PROJECT_ROOT } from '../../network/project-root.js';

const FIRST_SEQUENCER = 20;
const OTHER_SEQUENCERS = 50;

/** Key of the `index`-th sequencer of a chaos network; the first is the devnet's. */
export const sequencerKey = (index: number): Uint8Array =>
  privateKeyFromMnemonic(DEVNET_MNEMONIC, index === 0 ? FIRST_SEQUENCER : OTHER_SEQUENCERS + index);

/**
 * Writes the devnet's topology with a key for each sequencer, and short prepares, so that what must expire does so
 * within a test.
 * @returns the file
 */
export function writeChaosTopology(dataDir: string, sequencers: number, prepareMsMax: number): string {
  const devnet = JSON.parse(readFileSync(join(PROJECT_ROOT, 'config', 'devnet.json'), 'utf8')) as object;
  const sequencerKeys = Array.from({ length: sequencers }, (_, index) =>
    bytesToHex(addressOfPrivateKey(sequencerKey(index))),
  );
  const file = join(dataDir, 'topology.json');
  writeFileSync(file, JSON.stringify({ ...devnet, sequencerKeys, prepareMsMax }, null, 2));
  return file;
}
