// Shows that a user made for a later rollup is let in by a NATS server that reads its configuration again, with the
// rights of that rollup alone.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { LocalSigner } from '#libs/crypto';
import { connectNats, createNkey } from '#libs/messaging';
import { bytesToHex, hexToBytes } from '#libs/protocol';
import { freePorts, waitFor } from '#libs/testkit';
import { createExecutorSecrets } from './nats-user-command.js';
import { CLIENT_RIGHTS, natsServerConfig } from './nats-users.js';

test('a server lets the new user in once it has read its configuration again', async () => {
  const directory = mkdtempSync(join(tmpdir(), 'lockstep-nats-user-'));
  const [port, httpPort] = await freePorts(2);
  const file = join(directory, 'nats.conf');
  const config = natsServerConfig([{ name: 'client', publicKey: createNkey().publicKey, rights: CLIENT_RIGHTS }])
    .replace('0.0.0.0:4222', `127.0.0.1:${port}`)
    .replace('127.0.0.1:8222', `127.0.0.1:${httpPort}`);
  writeFileSync(file, config);
  const server = spawn('nats-server', ['--config', file], { stdio: ['ignore', 'ignore', 'pipe'] });
  let said = '';
  server.stderr.on('data', (chunk: Buffer) => (said += String(chunk)));
  try {
    await waitFor('the server', () => said.includes('Server is ready'), 10_000);
    const out = join(directory, 'executor');
    const { address, natsUser } = createExecutorSecrets('executor', 84_004, out);
    const [key, seed] = ['key', 'nats-seed'].map((name) => readFileSync(join(out, name), 'utf8').trim());
    expect(bytesToHex(new LocalSigner(hexToBytes(key!)).address)).toBe(address);
    expect(() => createExecutorSecrets('executor', 84_004, out)).toThrow('is not overwritten');

    writeFileSync(file, config.replace('users: [\n', `users: [\n${natsUser}\n`));
    server.kill('SIGHUP');
    await waitFor('the configuration', () => said.includes('Reloaded'), 10_000);
    const nats = await connectNats({ servers: `127.0.0.1:${port}`, name: 'test', nkeySeed: seed! });
    try {
      nats.publish('vote.84004', Uint8Array.of(1));
      await nats.flush();
      expect(said).not.toContain('Violation');
      nats.publish('vote.84001', Uint8Array.of(1));
      await nats.flush();
      await waitFor('a refusal', () => /Publish Violation.*vote\.84001/.test(said), 10_000);
    } finally {
      await nats.close();
    }
  } finally {
    server.kill();
    await once(server, 'exit');
    rmSync(directory, { recursive: true });
  }
});
