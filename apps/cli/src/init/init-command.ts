import { existsSync, mkdirSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Command } from 'commander';
import { ConfigurationError, readTopology } from '#libs/runtime';
import { print } from '../console.js';
import { createSecrets, type SecretFiles } from './network-secrets.js';

interface InitOptions {
  out: string;
  topology: string;
  sequencers: string;
  postgres: string;
  postgresCa?: string;
  natsCluster?: string;
}

/** Written last: while it is missing, nothing has used any of the others. */
const LAST = 'public';

/** `lockstep init`: keys, passwords and NATS users for a network whose servers run apart, such as in containers. */
export function addInitCommand(program: Command): void {
  program
    .command('init')
    .description('make the keys, passwords and NATS users of a new network, a folder for each server')
    .requiredOption('--out <folder>', 'where to write them; left alone if it has them already')
    .option('--topology <file>', 'rollups, assets and balances; its keys are replaced', 'config/devnet.json')
    .option('--sequencers <count>', 'how many sequencers', '2')
    .option('--postgres <host:port>', 'where the servers reach Postgres', 'postgres:5432')
    .option(
      '--postgres-ca <file>',
      'PEM file, where the servers find it, with the authority of Postgres’s certificate: use TLS',
    )
    .option(
      '--nats-cluster <hosts>',
      'hosts of a NATS cluster, separated by commas: use TLS, with /tls/server.pem and its key',
    )
    .action((options: InitOptions) => {
      const { out } = options;
      if (existsSync(join(out, LAST, 'topology.json'))) return print(`${out} has the secrets of a network already`);
      const sequencers = Number(options.sequencers);
      if (!Number.isInteger(sequencers) || sequencers < 1 || sequencers > 16) throw wrongCount(options.sequencers);
      const { topology: file, postgres, postgresCa, natsCluster = '' } = options;
      const servers = { postgres, postgresCa, natsCluster: natsCluster.split(',').filter(Boolean) };
      const named = { database: 'lockstep', owner: 'lockstep' };
      const files = createSecrets({ topology: readTopology(file), sequencers, ...servers, ...named });
      writeSecrets(out, files);
      print(`wrote ${[...files.keys()].join(', ')} to ${out}`);
    });
}

function writeSecrets(out: string, files: SecretFiles): void {
  const folders = [...files.keys()].sort((a, b) => Number(a === LAST) - Number(b === LAST));
  for (const folder of folders) {
    mkdirSync(join(out, folder), { recursive: true, mode: 0o700 });
    for (const [name, text] of files.get(folder)!) {
      const path = join(out, folder, name);
      // Whole or not at all, should this be killed.
      writeFileSync(`${path}.new`, text.endsWith('\n') ? text : `${text}\n`, { mode: 0o444 });
      renameSync(`${path}.new`, path);
    }
  }
}

const wrongCount = (given: string): ConfigurationError =>
  new ConfigurationError(
    { code: 'CONFIGURATION', setting: '--sequencers' },
    `${JSON.stringify(given)} is no number of sequencers.`,
    'Give a number from 1 to 16.',
  );
