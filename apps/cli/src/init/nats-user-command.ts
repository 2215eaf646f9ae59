import { randomBytes } from 'node:crypto';
import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Argument, type Command } from 'commander';
import { LocalSigner } from '#libs/crypto';
import { createNkey } from '#libs/messaging';
import { bytesToHex } from '#libs/protocol';
import { ConfigurationError } from '#libs/runtime';
import { print } from '../console.js';
import { executorRights, natsUserEntry, replicaRights } from './nats-users.js';

const RIGHTS = { executor: executorRights, replica: replicaRights };

/** What the executor of a rollup needs that joins a network whose NATS has logins. */
export interface ExecutorSecrets {
  /** Address of its key, for the registry. */
  address: string;
  /** To be put into the list of users of each server's `nats.conf`. */
  natsUser: string;
}

/** `lockstep nats-user`: a key and a NATS user for the executor of a rollup that was not there at `lockstep init`. */
export function addNatsUserCommand(program: Command): void {
  program
    .command('nats-user')
    .description('make a key and a NATS user for the executor of a rollup that joins a network')
    .addArgument(new Argument('<role>').choices(Object.keys(RIGHTS)))
    .argument('<chainId>')
    .requiredOption('--out <folder>', 'where to write key and nats-seed; it must have neither')
    .action((role: keyof typeof RIGHTS, chainId: string, { out }: { out: string }) => {
      const { address, natsUser } = createExecutorSecrets(role, readChainId(chainId), out);
      print(`wrote key and nats-seed to ${out}; the address of the key is ${address}`);
      print('Put this into the list "users" of each server’s nats.conf, and let it read that again (SIGHUP):');
      print(natsUser);
    });
}

/** Makes a key and an nkey, and writes them. @throws ConfigurationError where one of the files is there */
export function createExecutorSecrets(role: keyof typeof RIGHTS, chainId: number, out: string): ExecutorSecrets {
  const [keyFile, seedFile] = [join(out, 'key'), join(out, 'nats-seed')];
  const there = [keyFile, seedFile].find((file) => existsSync(file));
  if (there !== undefined) {
    throw new ConfigurationError(
      { code: 'CONFIGURATION', setting: '--out' },
      `${there} is there already, and is not overwritten.`,
      'Give another folder.',
    );
  }
  const key = randomBytes(32);
  const { seed, publicKey } = createNkey();
  mkdirSync(out, { recursive: true, mode: 0o700 });
  for (const [file, text] of [
    [keyFile, bytesToHex(key)],
    [seedFile, seed],
  ] as const) {
    writeFileSync(file, `${text}\n`, { mode: 0o444, flag: 'wx' });
  }
  const natsUser = natsUserEntry({ name: `${role}-${chainId}`, publicKey, rights: RIGHTS[role](chainId) });
  return { address: bytesToHex(new LocalSigner(key).address), natsUser };
}

function readChainId(text: string): number {
  const chainId = Number(text);
  if (Number.isSafeInteger(chainId) && chainId > 0) return chainId;
  throw new ConfigurationError(
    { code: 'CONFIGURATION', setting: 'chainId' },
    `${JSON.stringify(text)} is no chain id.`,
    'Give a rollup’s chain id, such as 84004.',
  );
}
