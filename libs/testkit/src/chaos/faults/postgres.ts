import { setTimeout as delay } from 'node:timers/promises';
import pg from 'pg';
import { atPhase, firstHit } from './at-phase.js';
import type { ChaosContext, Fault } from './chaos-context.js';
import type { Phase } from '../plan/cells.js';

/** At P0, now and then, strikes while a commit is under way, so that nobody knows what became of it. */
async function strike(context: ChaosContext, phase: Phase, act: () => Promise<void>): Promise<boolean> {
  const { network, random } = context;
  if (phase !== 'P0' || random.chance(0.3)) return atPhase(context, phase, act);
  const arm = { failpoint: 'append-unanswered', action: 'delay', delayMs: 0, hit: random.between(1, 20) } as const;
  const hit = await firstHit(
    network.sequencers.map(({ process }) => process),
    arm,
  );
  await act();
  return hit !== null;
}

/** Postgres and all its backends are killed; its connections may be cut before it is back. */
export const postgresKilled: Fault = async (context, phase) => {
  const { network, random } = context;
  const reached = await strike(context, phase, () => network.postgres.kill());
  context.injected('SIGKILL of Postgres');
  await delay(random.pick([0, 500, 3_000]));
  await network.postgres.restart();
  return { reached };
};

/** Postgres freezes, or packets to it vanish, for all sequencers or for one. */
export const postgresFrozen: Fault = async (context, phase) => {
  const { network, random, cutMs } = context;
  const how = random.pick(['freeze', 'blackhole', 'blackhole of the leader', 'refuse'] as const);
  const leader = await network.leader();
  const hidden = how === 'blackhole of the leader' && leader ? [leader] : network.sequencers;
  const reached = await strike(context, phase, async () => {
    if (how === 'freeze') network.postgres.freeze();
    else for (const { postgres } of hidden) postgres.setMode(how === 'refuse' ? 'refuse' : 'blackhole');
    return Promise.resolve();
  });
  context.injected(`Postgres: ${how}`);
  await delay(random.between(cutMs.min, cutMs.max));
  if (how === 'freeze') network.postgres.thaw();
  else for (const { postgres } of hidden) postgres.setMode('pass');
  return { reached, note: how };
};

/** Another session holds the head's row for longer than any lock timeout, or takes every connection there is. */
export const postgresStuck: Fault = async (context, phase) => {
  const { network, random } = context;
  const how = random.pick(['lock', 'connections'] as const);
  const open: pg.Client[] = [];
  const connect = async (): Promise<pg.Client> => {
    const client = new pg.Client({ connectionString: network.postgres.url, connectionTimeoutMillis: 3_000 });
    client.on('error', () => undefined);
    await client.connect();
    open.push(client);
    return client;
  };
  const reached = await atPhase(context, phase, async () => {
    if (how === 'lock') {
      const client = await connect();
      await client.query('BEGIN; SELECT FROM lockstep.head FOR UPDATE');
      return;
    }
    // The leader's connections are there already: breaking them makes it ask for new ones.
    for (let more = true; more && open.length < 110;)
      more = await connect().then(
        () => true,
        () => false,
      );
    for (const { postgres } of network.sequencers) postgres.cut();
  });
  context.injected(`Postgres: ${how}`);
  await delay(random.between(2_500, 6_000));
  for (const client of open) await client.end().catch(() => undefined);
  return { reached, note: how };
};
