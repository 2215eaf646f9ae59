import { connect } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import { encodeIngress, requestBytes } from '#libs/messaging';
import { ingressSubject } from '#libs/protocol';
import { atPhase } from './at-phase.js';
import type { Fault } from './chaos-context.js';

/** A subscriber of every feed that never reads, and at P0 a flood of submissions besides. */
export const slowSubscriber: Fault = async (context, phase) => {
  const { network, nats } = context;
  const socket = connect(network.nats.port, '127.0.0.1');
  socket.on('error', () => undefined);
  await new Promise<void>((resolve) => socket.once('connect', () => resolve()));
  socket.write('CONNECT {"verbose":false,"pedantic":false,"name":"slow"}\r\nSUB feed.slice.> 1\r\nPING\r\n');
  socket.pause();
  let answers = 0;
  const reached = await atPhase(context, phase, async () => {
    if (phase !== 'P0') return;
    // Undecodable on purpose: every one must be refused, and none may hold up the others.
    const junk = encodeIngress(Array.from({ length: 3_000 }, () => new Uint8Array(60)));
    const floods = network.chainIds.map((chainId) =>
      requestBytes(nats, ingressSubject(chainId), junk, { timeoutMs: 8_000 }),
    );
    answers = (await Promise.allSettled(floods)).filter(({ status }) => status === 'fulfilled').length;
  });
  context.injected('a subscriber that does not read');
  await delay(1_500);
  socket.destroy();
  return { reached, ...(phase === 'P0' ? { note: `${answers} floods answered` } : {}) };
};
