// What containers suffer while operations go on; after each the whole history is checked.
import { setTimeout as delay } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { waitFor } from '#libs/testkit';
import {
  compose,
  containerOf,
  disconnect,
  docker,
  leader,
  type NetworkName,
  reconnect,
  type Sequencer,
  type Service,
  SERVICES,
  untilHealthy,
} from './fixtures/compose.js';
import type { Probe } from './fixtures/probe.js';

/** How long an outage lasts, in ms: longer than a lease, and than an executor may be silent. */
const OUTAGE_MS = 6_000;
const TAKEOVER_MS_MAX = 20_000;
const RECOVERY_MS_MAX = 60_000;
const DECISIONS_AFTER = 3;

interface Fault {
  name: string;
  /** Whether CI runs it: one for each service. */
  inCi: boolean;
  inject(): Promise<void>;
}

type Target = Service | 'the leading sequencer' | 'the stand-by sequencer';

/** Who stands behind a name at this moment. */
async function resolveTarget(target: Target): Promise<Service> {
  if (target !== 'the leading sequencer' && target !== 'the stand-by sequencer') return target;
  let leading: Sequencer | null = null;
  await waitFor('a leader', async () => (leading = await leader()) !== null, TAKEOVER_MS_MAX);
  const standBy = leading === 'sequencer-1' ? 'sequencer-2' : 'sequencer-1';
  return target === 'the leading sequencer' ? leading! : standBy;
}

/** A fault that has a beginning and an end; where it hits the leader, the other one leads before it ends. */
function outage(
  verb: string,
  target: Target,
  inCi: boolean,
  begin: (service: Service) => Promise<unknown>,
  end: (service: Service) => Promise<unknown>,
): Fault {
  const inject = async (): Promise<void> => {
    const service = await resolveTarget(target);
    await begin(service);
    try {
      await delay(OUTAGE_MS);
      if (target === 'the leading sequencer') {
        const isTaken = async (): Promise<boolean> => ![null, service].includes(await leader());
        await waitFor('the other sequencer to lead', isTaken, TAKEOVER_MS_MAX);
      }
    } finally {
      await end(service);
    }
  };
  return { name: `${verb} ${target}`, inCi, inject };
}

/** By docker itself: compose would start what a service depends on as well. */
const on = (command: string) => async (service: Service) => docker(command, await containerOf(service));

const kill = (target: Target, inCi = false): Fault => outage('kill', target, inCi, on('kill'), on('start'));

const pause = (target: Target, inCi = false): Fault => outage('pause', target, inCi, on('pause'), on('unpause'));

const stop = (target: Target, inCi = false): Fault => outage('stop and start', target, inCi, on('stop'), on('start'));

const cutOff = (target: Target, networks: readonly NetworkName[], inCi = false): Fault =>
  outage(
    'cut off',
    target,
    inCi,
    async (service) => {
      for (const network of networks) await disconnect(service, network);
    },
    async (service) => {
      for (const network of networks) await reconnect(service, network);
    },
  );

const wipeNats: Fault = {
  name: 'remove nats with all it stored and make it anew',
  inCi: true,
  inject: async () => {
    await compose('rm', '--stop', '--force', '--volumes', 'nats');
    await compose('up', '--detach', '--no-deps', 'nats');
  },
};

const rollingRestart: Fault = {
  name: 'restart everything, one after another',
  inCi: true,
  inject: async () => {
    for (const service of SERVICES) {
      await docker('restart', await containerOf(service));
      await untilHealthy([service]);
    }
  },
};

/** CI's come first: each service suffers something. */
const FAULTS: readonly Fault[] = [
  kill('the leading sequencer', true),
  pause('the stand-by sequencer', true),
  kill('postgres', true),
  wipeNats,
  kill('executor-options', true),
  cutOff('executor-collateral', ['messaging'], true),
  stop('executor-cash', true),
  pause('admin-api', true),
  cutOff('the leading sequencer', ['database', 'messaging'], true),
  cutOff('postgres', ['database'], true),
  pause('the leading sequencer'),
  stop('the leading sequencer'),
  kill('the stand-by sequencer'),
  stop('the stand-by sequencer'),
  pause('postgres'),
  stop('postgres'),
  kill('nats'),
  pause('nats'),
  stop('nats'),
  ...(['executor-options', 'executor-collateral', 'executor-cash'] as const).flatMap((executor) => [
    ...(executor === 'executor-options' ? [] : [kill(executor)]),
    pause(executor),
    ...(executor === 'executor-cash' ? [] : [stop(executor)]),
  ]),
  kill('admin-api'),
  stop('admin-api'),
  rollingRestart,
];

/** @param full all faults; else those of CI */
export function faultTests(probe: () => Probe, full: boolean): void {
  const faults = FAULTS.filter(({ inCi }) => full || inCi);
  test.each(faults)('$name: the network recovers by itself and every invariant holds', async (fault) => {
    await fault.inject();
    await untilHealthy();
    const { decided } = await probe().tell('progress', null);
    let progress = await probe().tell('progress', null);
    await waitFor(
      'operations to be decided again',
      async () => (progress = await probe().tell('progress', null)).decided >= decided + DECISIONS_AFTER,
      RECOVERY_MS_MAX,
    ).catch((error: Error) => {
      throw new Error(`${error.message}; ${JSON.stringify(progress)}`);
    });
    const { failed, table } = await probe().tell('check', { name: fault.name });
    expect(failed, table).toEqual([]);
  });

  test('at rest everything that was acknowledged is in the log, and all executors agree with it', async () => {
    const { failed, table, blocks, entries } = await probe().tell('finish', null);
    console.log(`${table}\n${blocks} blocks, ${entries} entries`);
    expect(failed).toEqual([]);
  });
}
