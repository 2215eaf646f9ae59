import { writeFileSync } from 'node:fs';
import { type Command, InvalidArgumentError } from 'commander';
import {
  AUDIT_WORKER_BATCHES_MAX,
  type AuditOptions,
  auditLog,
  type AuditReport,
  DatabaseSource,
  FeedSource,
} from '#libs/audit';
import { recoverAddress, SenderRecoveryPool } from '#libs/crypto';
import { HttpReplay, NatsReplay, type ReplaySource } from '#libs/executor-sdk';
import { connectNats } from '#libs/messaging';
import { AuditReader } from '#libs/persistence';
import { ConfigurationError } from '#libs/runtime';
import { print } from '../console.js';
import { openDatabase } from '../open-database.js';
import { natsLogin } from '../nats-login.js';
import { formatAudit } from './format-audit.js';
import { showProgress } from './progress.js';

interface Flags {
  database?: string;
  feed?: string;
  from: number;
  json?: string;
  execute: boolean;
  workers: number;
}

/** A source that was opened, with what closes it. */
type Opened = Pick<AuditOptions, 'source' | 'tables'> & { close: () => Promise<void> };

/** `lockstep audit`: re-verifies the whole log. Exit code 0 for a log without problems, 1 for any other. */
export function addAuditCommand(program: Command): void {
  program
    .command('audit')
    .description(
      're-verify the whole log: hashes, signatures, sequences, senders, operations, and all state by execution',
    )
    .option('--database <url>', 'the database that the sequencers write to; else DATABASE_URL')
    .option('--feed <url>', 'a sequencer (http://…) or NATS (nats://…) instead: what followers get')
    .option('--from <block>', 'the first block to audit; earlier ones are read, not judged', positive, 1)
    .option('--json <file>', 'write the report to a file as well')
    .option('--no-execute', 'do not execute the log again: no state roots, no conservation')
    .option('--workers <number>', 'threads that recover senders', positive, 2)
    .action(async (flags: Flags) => {
      const report = await run(flags);
      for (const line of formatAudit(report)) print(line);
      if (flags.json !== undefined) writeFileSync(flags.json, `${toJson(report)}\n`);
      process.exitCode = report.ok ? 0 : 1;
    });
}

async function run(flags: Flags): Promise<AuditReport> {
  const opened = await open(flags);
  const { close, ...source } = opened;
  const pool = new SenderRecoveryPool({ workers: flags.workers, workerBatchesMax: AUDIT_WORKER_BATCHES_MAX }, {});
  const progress = showProgress();
  try {
    return await auditLog({
      ...source,
      recover: recoverAddress,
      recoverSenders: (records) => pool.recover(records),
      from: flags.from,
      execute: flags.execute,
      onProgress: progress.update,
    });
  } finally {
    progress.end();
    await pool.close();
    await close();
  }
}

async function open({ database = process.env.DATABASE_URL, feed }: Flags): Promise<Opened> {
  if (feed !== undefined) return openFeed(feed);
  if (database === undefined) {
    throw new ConfigurationError(
      { code: 'CONFIGURATION', setting: 'DATABASE_URL' },
      'There is no log to audit.',
      'Give --database or DATABASE_URL, or --feed with the URL of a sequencer or of NATS.',
    );
  }
  const timeouts = { statementMs: 120_000, answerMs: 150_000 };
  const dataSource = await openDatabase(database, { applicationName: 'lockstep audit', poolSize: 3, timeouts });
  const tables = new AuditReader(dataSource);
  return { source: new DatabaseSource(tables), tables, close: () => dataSource.destroy() };
}

async function openFeed(feed: string): Promise<Opened> {
  const chainId = await firstRollup(feed);
  const { replay, close } = await openReplay(feed);
  return { source: new FeedSource(replay, chainId), close };
}

async function openReplay(feed: string): Promise<{ replay: ReplaySource; close: () => Promise<void> }> {
  if (!isNats(feed)) return { replay: new HttpReplay(feed), close: () => Promise.resolve() };
  const connection = await connectNats({ ...natsLogin(feed), name: 'lockstep audit' });
  return { replay: new NatsReplay(connection), close: () => connection.close() };
}

const isNats = (url: string): boolean => /^(nats|tls):/.test(url);

/** Genesis is replayed on any rollup's subject. A sequencer says which there are; with NATS alone LOCKSTEP_CHAIN_ID does. */
async function firstRollup(feed: string): Promise<number> {
  if (isNats(feed)) {
    const chainId = Number(process.env.LOCKSTEP_CHAIN_ID);
    if (Number.isSafeInteger(chainId) && chainId > 0) return chainId;
    throw new ConfigurationError(
      { code: 'CONFIGURATION', setting: 'LOCKSTEP_CHAIN_ID' },
      'NATS does not say which rollups there are.',
      'Give the chain id of one by LOCKSTEP_CHAIN_ID.',
    );
  }
  const answer = await fetch(`${feed.replace(/\/$/, '')}/readyz`).catch(() => null);
  const { rollups } = ((await answer?.json().catch(() => null)) ?? {}) as { rollups?: number[] };
  if (rollups?.[0] !== undefined) return rollups[0];
  throw new ConfigurationError(
    { code: 'CONFIGURATION', setting: '--feed' },
    `${feed} does not answer as a sequencer does.`,
    'Give the address of a sequencer’s JSON-RPC port.',
  );
}

function positive(text: string): number {
  const value = Number(text);
  if (Number.isSafeInteger(value) && value > 0) return value;
  throw new InvalidArgumentError('It is no positive integer.');
}

const toJson = (report: AuditReport): string =>
  JSON.stringify(report, (_name, value: unknown) => (typeof value === 'bigint' ? String(value) : value), 2);
