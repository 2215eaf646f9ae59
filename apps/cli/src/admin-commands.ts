import { Argument, type Command } from 'commander';
import { LocalSigner } from '#libs/crypto';
import { hexToBytes, KeyRole, RegistryAction } from '#libs/protocol';
import { ConfigurationError } from '#libs/runtime';
import { AdminClient, readLogId, readRegistry } from '#libs/testkit';
import { print } from './console.js';
import { natsLogin } from './nats-login.js';
import { registryKey } from './registry-key.js';
import { rewindExecutors, type RewindOptions } from './restore-commands.js';

interface Connection {
  rpc: string;
  nats: string;
  keyFile?: string;
  devnet?: boolean;
}

/**
 * Commands to a running network, signed with the registry key.
 * @param executor the command that runs an executor; those to one stand below it
 */
export function addAdminCommands(program: Command, executor: Command): void {
  const operation = program.command('operation').description('operations across rollups');
  connected(operation.command('abort <id>').description('abort an undecided operation')).action(
    async (id: string, connection: Connection) =>
      withAdmin(connection, async (admin) => {
        const { block } = await admin.abortOperation(hexToBytes(id));
        print(`operation ${id} is aborted by block ${block}`);
      }),
  );

  for (const [name, value, done] of [
    ['quarantine', true, 'is quarantined: it takes no prepares'],
    ['release', false, 'is released'],
  ] as const) {
    connected(executor.command(`${name} <chainId>`).description(`${name} a rollup's executor`)).action(
      async (chainId: string, connection: Connection) =>
        withAdmin(connection, async (admin) => {
          const { block } = await admin.setQuarantined(chainIdOf(chainId), value);
          print(`rollup ${chainId} ${done}, from block ${block + 1} on`);
        }),
    );
  }

  connected(executor.command('rewind <chainId>').description('roll an executor that is ahead of a restored log back'))
    .requiredOption('--to <n>', 'the last block that the restore has kept')
    .action(async (chainId: string, connection: Connection & { to: string }) => {
      const isDone = await rewindExecutors(chainIdOf(chainId), connection.to, await rewindOptions(chainId, connection));
      if (!isDone) process.exitCode = 1;
    });

  const rollup = program.command('rollup').description('rollups');
  for (const [name, value, done] of [
    ['pause', true, 'is paused: it takes no transactions and no prepares'],
    ['resume', false, 'is resumed'],
  ] as const) {
    connected(rollup.command(`${name} <chainId>`).description(`${name} a rollup`)).action(
      async (chainId: string, connection: Connection) =>
        withAdmin(connection, async (admin) => {
          const { block } = await admin.setPaused(chainIdOf(chainId), value);
          print(`rollup ${chainId} ${done}, from block ${block + 1} on`);
        }),
    );
  }

  connected(
    rollup
      .command('register <chainId>')
      .description('register a rollup with a running network: from the next block on it has a lane')
      .requiredOption('--name <name>', 'up to 32 bytes of UTF-8')
      .requiredOption('--voting-key <address>', 'address of the key that signs its votes')
      .option('--replica-key <address...>', 'addresses of its replicas’ keys, up to eight'),
  ).action(async (chainId: string, { name, votingKey, replicaKey = [], ...connection }: RegisterOptions) =>
    withAdmin(connection, async (admin) => {
      const { block } = await admin.registerRollup({
        chainId: chainIdOf(chainId),
        name: new TextEncoder().encode(name),
        votingKey: addressOf(votingKey),
        replicaKeys: replicaKey.map(addressOf),
      });
      print(`rollup ${chainId} is registered, from block ${block + 1} on`);
    }),
  );

  const intake = program.command('intake').description('new submissions');
  for (const [name, value, done] of [
    ['drain', true, 'is drained: new submissions are refused, everything else goes on'],
    ['resume', false, 'is resumed'],
  ] as const) {
    connected(intake.command(name).description(`${name} the intake`)).action(async (connection: Connection) =>
      withAdmin(connection, async (admin) => {
        const { block } = await admin.setDraining(value);
        print(`the intake ${done}, by block ${block}`);
      }),
    );
  }

  const key = program.command('key').description('keys of the registry');
  connected(
    key
      .command('set')
      .description(
        'put a key in the place of another, by their addresses; sequencer and replica keys can also be added and removed',
      )
      .addArgument(new Argument('<role>').choices(Object.keys(KEY_ROLES)))
      .option('--chain-id <id>', 'whose key, of a voting or replica key')
      .option('--previous <address>', 'the key that goes; without it a sequencer or replica key is added')
      .option('--next <address>', 'the key that comes; without it a sequencer or replica key is removed'),
  ).action(async (role: keyof typeof KEY_ROLES, { chainId, previous, next, ...connection }: KeyOptions) =>
    withAdmin(connection, async (admin) => {
      const value = {
        role: KEY_ROLES[role],
        chainId: chainId === undefined ? 0 : chainIdOf(chainId),
        previous: addressOf(previous),
        next: addressOf(next),
      };
      const { block } = await admin.change({ selector: RegistryAction.SET_KEY, value });
      print(`the ${role} key is changed, from block ${block + 1} on`);
    }),
  );

  const leader = program.command('leader').description('the sequencer that leads');
  connected(leader.command('transfer').description('end the leader’s term, so that a stand-by takes over')).action(
    async (connection: Connection) =>
      withAdmin(connection, async (admin) => {
        const { endedEpoch } = await admin.transferLeadership();
        print(`epoch ${endedEpoch} is over`);
      }),
  );
  connected(
    leader.command('confirm-time').description('let nodes lead that refuse to because their clock is far ahead'),
  ).action(async (connection: Connection) =>
    withAdmin(connection, async (admin) => {
      await admin.confirmTime();
      print('told every node that is connected to NATS');
    }),
  );
}

const KEY_ROLES = {
  sequencer: KeyRole.SEQUENCER,
  registry: KeyRole.REGISTRY,
  price: KeyRole.PRICE,
  voting: KeyRole.VOTING,
  replica: KeyRole.REPLICA,
};

interface RegisterOptions extends Connection {
  name: string;
  votingKey: string;
  replicaKey?: string[];
}

interface KeyOptions extends Connection {
  chainId?: string;
  previous?: string;
  next?: string;
}

function addressOf(text: string | undefined): Uint8Array {
  if (text === undefined) return new Uint8Array(20);
  if (/^0x[0-9a-fA-F]{40}$/.test(text)) return hexToBytes(text);
  throw new ConfigurationError(
    { code: 'CONFIGURATION', setting: 'address' },
    `${JSON.stringify(text)} is no address.`,
    'Give 20 bytes as 0x hex.',
  );
}

function connected(command: Command): Command {
  return command
    .option('--rpc <url>', 'a sequencer', process.env.LOCKSTEP_RPC_URL ?? 'http://127.0.0.1:8545')
    .option('--nats <url>', 'NATS', process.env.NATS_URL ?? 'nats://127.0.0.1:4222')
    .option('--key-file <file>', 'holds the registry key as 0x hex; else REGISTRY_KEY')
    .option('--devnet', "use the devnet's well-known registry key", false);
}

async function withAdmin({ rpc, nats, keyFile, devnet }: Connection, act: (admin: AdminClient) => Promise<void>) {
  const url = `${rpc.replace(/\/$/, '')}/${await firstRollup(rpc)}`;
  const signer = new LocalSigner(registryKey(keyFile, devnet === true));
  const admin = new AdminClient(url, natsLogin(nats), await readLogId(url), signer);
  try {
    await act(admin);
  } finally {
    await admin.close();
  }
}

async function rewindOptions(chainId: string, { rpc, nats, keyFile, devnet }: Connection): Promise<RewindOptions> {
  const { logId, rollups } = await readRegistry(`${rpc.replace(/\/$/, '')}/${await firstRollup(rpc)}`);
  const rollup = rollups.find((listed) => String(listed.chainId) === chainId);
  if (!rollup) {
    const known = rollups.map((listed) => listed.chainId).join(', ');
    throw new ConfigurationError(
      { code: 'CONFIGURATION', setting: 'chainId' },
      `The registry has no rollup ${chainId}; it has ${known}.`,
      'Give one of these.',
    );
  }
  const signer = new LocalSigner(registryKey(keyFile, devnet === true));
  return { ...rollup, nats: natsLogin(nats), signer, logId: hexToBytes(logId) };
}

/** Any rollup's endpoint will do; the registry is the same on all. */
async function firstRollup(rpc: string): Promise<number> {
  const { rollups } = (await (await fetch(`${rpc}/readyz`)).json()) as { rollups?: number[] };
  if (rollups?.[0] !== undefined) return rollups[0];
  throw new ConfigurationError(
    { code: 'CONFIGURATION', setting: 'LOCKSTEP_RPC_URL' },
    `${rpc} does not answer as a sequencer does.`,
    'Give the sequencer’s address by --rpc or LOCKSTEP_RPC_URL.',
  );
}

function chainIdOf(text: string): number {
  const chainId = Number(text);
  if (Number.isSafeInteger(chainId) && chainId > 0) return chainId;
  throw new ConfigurationError(
    { code: 'CONFIGURATION', setting: 'chainId' },
    `${JSON.stringify(text)} is no chain id.`,
    'Give a rollup’s chain id, such as 84001.',
  );
}
