import { rmSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { createDataSource, LogReader, LogWriter, migrate } from '#libs/persistence';
import { type PostgresServer, startPostgres, temporaryDirectory } from '../servers/index.js';
import { checkHistory } from './check-history.js';
import { playScenario } from './fixtures/scenario.js';
import { readHistoryLog } from './read-history-log.js';

let directory: string;
let server: PostgresServer;
beforeAll(async () => {
  directory = temporaryDirectory('history');
  server = await startPostgres({ dataDir: directory });
});
afterAll(async () => {
  await server.stop();
  rmSync(directory, { recursive: true, force: true });
});

describe('readHistoryLog', () => {
  it('gives the log as it was written to Postgres, and every invariant holds of it', async () => {
    await migrate(server.url);
    const dataSource = await createDataSource(server.url);
    const writer = new LogWriter(server.url);
    onTestFinished(async () => {
      await writer.close();
      await dataSource.destroy();
    });
    const reader = new LogReader(dataSource);
    await expect(readHistoryLog(reader)).rejects.toThrow('no genesis');

    const history = (await playScenario()).network.history();
    const { genesis, blocks, entries } = history.log;
    await reader.insertGenesis(genesis);
    await dataSource.query('UPDATE lockstep.head SET epoch = 1');
    for (const block of blocks) {
      const ofBlock = entries.filter(({ blockNumber }) => blockNumber === block.number);
      expect(await writer.append({ ...block, entries: ofBlock })).toEqual({ status: 'written' });
    }

    const log = await readHistoryLog(reader);
    expect(log.blocks.map(({ hash }) => Buffer.from(hash))).toEqual(blocks.map(({ hash }) => Buffer.from(hash)));
    expect(log.entries).toEqual(entries);
    const reports = checkHistory({ ...history, log }, { clientsComplete: true });
    expect(reports.filter(({ status }) => status !== 'passed')).toEqual([]);
  });
});
