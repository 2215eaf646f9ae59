import { connect } from '@nats-io/transport-node';
import { expect, onTestFinished, test } from 'vitest';
import { scratchDirectory } from './fixtures/scratch.js';
import { startNats } from './nats.js';
import { freePort } from './ports.js';

test('nats-server starts and carries a message of 1 MiB', async () => {
  const server = await startNats();
  onTestFinished(() => server.stop());
  expect(server.version).toMatch(/^2\.\d+\.\d+/);
  const connection = await connect({ servers: server.url });
  onTestFinished(() => connection.close());
  const subscription = connection.subscribe('big', { max: 1 });
  connection.publish('big', new Uint8Array(1_048_576));
  for await (const message of subscription) expect(message.data.length).toBe(1_048_576);
});

test('nats-server comes back on the same port after a SIGKILL', async () => {
  const dataDir = scratchDirectory();
  const port = await freePort();
  const first = await startNats({ port, dataDir });
  onTestFinished(() => first.stop());
  await first.kill();
  const second = await startNats({ port, dataDir });
  onTestFinished(() => second.stop());
  expect(second.port).toBe(port);
  expect(second.pid).not.toBe(first.pid);
});

test('a port in use is refused, naming the port', async () => {
  const server = await startNats();
  onTestFinished(() => server.stop());
  await expect(startNats({ port: server.port })).rejects.toMatchObject({
    code: 'port_in_use',
    message: expect.stringContaining(`Port ${server.port} `) as string,
  });
});
