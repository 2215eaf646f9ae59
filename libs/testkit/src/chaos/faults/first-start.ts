import { setTimeout as delay } from 'node:timers/promises';
import type { ChaosNetwork } from '../network/chaos-network.js';
import type { Random } from '../plan/random.js';

/**
 * Starts the processes of a new network and kills them while they migrate, write genesis, take the first epoch or open
 * their stores for the first time. What comes up afterwards must find it all in order.
 * @returns how many were killed
 */
export async function killFirstStarts(network: ChaosNetwork, random: Random): Promise<number> {
  const places = ['in migrations', 'tables-migrated', 'genesis-found', 'epoch-raised', 'log-read'] as const;
  let killed = 0;
  for (const place of random.shuffle(places).slice(0, 3)) {
    const { process } = random.pick(network.sequencers);
    if (place === 'in migrations') {
      process.start();
      await delay(random.between(500, 1_600));
      await process.kill();
      killed += 1;
      continue;
    }
    process.start([{ failpoint: place, action: 'kill' }]);
    await Promise.race([process.exited(), delay(15_000)]);
    if (process.isUp) await process.kill();
    killed += 1;
  }
  const { process } = random.pick(network.executors);
  process.start([{ failpoint: 'store-opened', action: 'kill' }]);
  await Promise.race([process.exited(), delay(10_000)]);
  return killed + 1;
}
