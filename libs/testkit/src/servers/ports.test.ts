import { createServer } from 'node:net';
import { expect, onTestFinished, test } from 'vitest';
import { assertPortFree, freePort, freePorts } from './ports.js';

test('no free port is handed out twice', async () => {
  const ports = [...(await freePorts(50)), ...(await freePorts(50))];
  expect(new Set(ports).size).toBe(100);
});

test('a port in use is named together with the setting to change', async () => {
  const port = await freePort();
  await assertPortFree(port, 'RPC_PORT');
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(port, '127.0.0.1', resolve));
  onTestFinished(() => void server.close());
  await expect(assertPortFree(port, 'RPC_PORT')).rejects.toMatchObject({
    code: 'port_in_use',
    message:
      `Port ${port} on 127.0.0.1 is in use by another program. ` + 'Stop that program, or set RPC_PORT to a free port.',
  });
});
