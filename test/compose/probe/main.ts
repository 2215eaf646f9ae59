// Runs inside the compose network, as `npm run test:compose` tells it: a line of JSON in, a line of JSON out.
import { createInterface } from 'node:readline';
import { Logger } from '@nestjs/common';
import { askedSql } from './asked-sql.js';
import { ComposeLoad } from './compose-load.js';
import { natsRights } from './nats-rights.js';
import type { ProbeCommands } from './protocol.js';

Logger.overrideLogger(false);

let load: ComposeLoad | null = null;
const started = (): ComposeLoad => {
  if (!load) throw new Error('the load was not started');
  return load;
};

const commands: ProbeCommands = {
  start: async () => {
    load = await ComposeLoad.start();
    return null;
  },
  progress: async () => started().progress(),
  check: async ({ name }) => started().check(name),
  finish: async () => started().finish(),
  rights: (request) => natsRights(request),
  sql: (request) => askedSql(request),
};

interface Request {
  id: number;
  command: keyof ProbeCommands;
  argument: never;
}

const answer = (body: unknown): void => void process.stdout.write(`${JSON.stringify(body)}\n`);

const lines = createInterface({ input: process.stdin });
lines.on('line', (line) => {
  const { id, command, argument } = JSON.parse(line) as Request;
  commands[command](argument).then(
    (result) => answer({ id, result }),
    (error: Error) => answer({ id, error: error.stack ?? String(error) }),
  );
});
lines.on('close', () => process.exit(0));
answer({ id: 0, result: 'ready' });
