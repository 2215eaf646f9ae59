import { randomBytes } from 'node:crypto';
import type { LogReader } from '#libs/persistence';
import { equalBytes, type Genesis, LockstepError, logId } from '#libs/protocol';
import { genesisOf, readTopology } from '#libs/runtime';

/** A topology file that is not the one the log began with. */
export class TopologyMismatchError extends LockstepError<{ code: 'TOPOLOGY_MISMATCH' }> {}

/** The log's genesis; written from the topology where there is none yet. @throws TopologyMismatchError */
export async function findGenesis(reader: LogReader, topologyFile: string): Promise<Genesis> {
  const topology = readTopology(topologyFile);
  const stored =
    (await reader.genesis()) ?? (await reader.insertGenesis(genesisOf(topology, randomBytes(32), Date.now())));
  const expected = genesisOf(topology, stored.randomness, stored.startTimeMs);
  if (equalBytes(logId(expected), logId(stored))) return stored;
  throw new TopologyMismatchError(
    { code: 'TOPOLOGY_MISMATCH' },
    `The topology file ${topologyFile} is not the one that this log began with.`,
    'Use the original file: changes after genesis are registry entries. For a new network use an empty database.',
  );
}
