import type { Command } from 'commander';
import { z } from 'zod';
import { grantRoles, migrate } from '#libs/persistence';
import { readEnvironment } from '#libs/runtime';
import { print } from './console.js';

const MigrateSettings = z.object({
  DATABASE_URL: z.url({ protocol: /^postgres(ql)?$/, error: 'must be a postgres:// URL' }),
  /** Passwords of the roles that the servers connect as; a role without one gets no login. */
  SEQUENCER_ROLE_PASSWORD: z.string().min(1).optional(),
  ADMIN_ROLE_PASSWORD: z.string().min(1).optional(),
});

/** `lockstep migrate`: brings the tables up to date and grants the servers' roles what they need, as the owner. */
export function addMigrateCommand(program: Command): void {
  program
    .command('migrate')
    .description('bring the tables up to date and make the roles that servers with LOCKSTEP_MIGRATE=0 connect as')
    .action(async () => {
      const settings = readEnvironment(MigrateSettings, process.env);
      const ran = await migrate(settings.DATABASE_URL);
      await grantRoles(settings.DATABASE_URL, {
        sequencer: settings.SEQUENCER_ROLE_PASSWORD,
        admin: settings.ADMIN_ROLE_PASSWORD,
      });
      print(ran.length === 0 ? 'the tables are up to date' : `migrated: ${ran.join(', ')}`);
    });
}
