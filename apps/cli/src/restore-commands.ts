import type { Command } from 'commander';
import type { DataSource } from 'typeorm';
import { LocalSigner } from '#libs/crypto';
import { connectNats, type NatsAccess, requestBytes, signAdminCommand } from '#libs/messaging';
import { declareRestore, EvidenceReader, LogReader } from '#libs/persistence';
import {
  adminSubject,
  bytesToHex,
  commitmentDigest,
  equalBytes,
  LockstepError,
  Restore,
  RewindTarget,
} from '#libs/protocol';
import { ConfigurationError } from '#libs/runtime';
import { print } from './console.js';
import { openDatabase } from './open-database.js';
import { registryKey } from './registry-key.js';

const TIMEOUT_MS = 30_000;

interface KeyOptions {
  keyFile?: string;
  devnet?: boolean;
}

/** `lockstep restore`: after a backup was put back, or a standby promoted. */
export function addRestoreCommand(program: Command): void {
  program
    .command('restore')
    .description('declare that the log goes on from this database, which was restored from a backup or promoted')
    .requiredOption('--epoch-above <n>', 'the highest epoch that any sequencer or executor has seen')
    .option('--database <url>', 'as the owner of the tables', process.env.DATABASE_URL)
    .option('--key-file <file>', 'holds the registry key as 0x hex; else REGISTRY_KEY')
    .option('--devnet', "use the devnet's well-known registry key", false)
    .action(async (options: KeyOptions & { epochAbove: string; database?: string }) => {
      const { restore, databaseIdentity, formerIdentity } = await restoreDatabase(options);
      print(`The log goes on from block ${restore.lastBlock} (${bytesToHex(restore.lastHash)}).`);
      print(`Led last was database ${formerIdentity ?? 'none'}, this one is ${databaseIdentity}.`);
      print(`The next leader begins epoch ${restore.epochAbove + 1} with a RESTORE entry; start the sequencers.`);
      print(`Executors that are ahead halt; then: lockstep executor rewind CHAIN_ID --to ${restore.lastBlock}`);
    });
}

async function restoreDatabase(options: KeyOptions & { epochAbove: string; database?: string }) {
  const epochAbove = wholeNumber(options.epochAbove, '--epoch-above');
  if (!options.database)
    throw missing('DATABASE_URL', 'There is no database.', 'Give it by --database or DATABASE_URL.');
  const signer = new LocalSigner(registryKey(options.keyFile, options.devnet === true));
  const dataSource = await openDatabase(options.database, { applicationName: 'lockstep restore', poolSize: 2 });
  try {
    await assertRegistryKey(dataSource, signer.address);
    const sign = (restore: Restore, logId: Uint8Array): Uint8Array =>
      signer.sign(commitmentDigest(logId, 'restore', Restore.hashTreeRoot(restore)));
    return await declareRestore(dataSource, { epochAbove, sign });
  } finally {
    await dataSource.destroy();
  }
}

/** A restore of another key would be refused by every sequencer; better to say so here. @throws ConfigurationError */
async function assertRegistryKey(dataSource: DataSource, key: Uint8Array): Promise<void> {
  const genesis = await new LogReader(dataSource).genesis();
  if (!genesis) return; // said by the declaration itself
  const [inForce] = (await new EvidenceReader(dataSource, genesis).registries()).registries;
  if (!inForce || equalBytes(inForce.registryKey, key)) return;
  throw missing(
    'REGISTRY_KEY',
    `The key given is ${bytesToHex(key)}; the registry key in force after the last kept block is ${bytesToHex(inForce.registryKey)}.`,
    'Give that one by --key-file or REGISTRY_KEY. If it was changed after that block, the former one counts again.',
  );
}

export interface RewindOptions {
  nats: NatsAccess;
  logId: Uint8Array;
  signer: LocalSigner;
  /** Of the rollup's voting executor and its replicas, as hex. */
  votingKey: string;
  replicaKeys: readonly string[];
}

/**
 * Orders a rollup's voting executor and its replicas back to a block.
 * @returns whether all that answered obeyed, and one did
 */
export async function rewindExecutors(chainId: number, to: string, options: RewindOptions): Promise<boolean> {
  const { nats, logId, votingKey, replicaKeys, signer } = options;
  const argument = RewindTarget.serialize({ chainId, number: wholeNumber(to, '--to') });
  const connection = await connectNats({ ...nats, name: 'lockstep executor rewind' });
  try {
    const outcomes: boolean[] = [];
    for (const key of [votingKey, ...replicaKeys]) {
      const role = key === votingKey ? 'voting executor' : 'replica';
      const command = signAdminCommand(logId, signer, 'executor.rewind', argument);
      const subject = adminSubject(`executor.rewind.${chainId}.${key.toLowerCase()}`);
      const name = `${role} ${key}`;
      try {
        const answer = await requestBytes(connection, subject, command, { timeoutMs: TIMEOUT_MS });
        const { number, error } = JSON.parse(new TextDecoder().decode(answer)) as RewindAnswer;
        outcomes.push(!error);
        print(error ? `${name}: ${error.message}` : `${name} goes back to block ${number} and replays`);
      } catch (error) {
        if (!(error instanceof LockstepError)) throw error;
        if (role === 'voting executor') outcomes.push(false);
        print(`${name} did not answer`);
      }
    }
    return outcomes.every(Boolean);
  } finally {
    await connection.close();
  }
}

interface RewindAnswer {
  number: number;
  error?: { code: string; message: string };
}

function wholeNumber(text: string, option: string): number {
  const value = Number(text);
  if (/^\d+$/.test(text) && Number.isSafeInteger(value)) return value;
  throw missing(option, `${option} must be a whole number, not ${JSON.stringify(text)}.`, 'Give one of 0 or more.');
}

const missing = (setting: string, message: string, advice: string): ConfigurationError =>
  new ConfigurationError({ code: 'CONFIGURATION', setting }, message, advice);
