import { fastify } from 'fastify';
import { describe, expect, it, onTestFinished } from 'vitest';
import { addEtags, matches } from './etag.js';

const app = () => {
  const server = fastify();
  onTestFinished(() => server.close());
  addEtags(server);
  let text = 'one';
  server.get('/', () => text);
  server.post('/', () => text);
  return { server, change: (next: string) => (text = next) };
};

describe('ETags', () => {
  it('shows that who has the answer already gets 304 without a body, until it changes', async () => {
    const { server, change } = app();
    const { etag } = (await server.inject('/')).headers;
    const again = await server.inject({ url: '/', headers: { 'if-none-match': `"x", W/${etag}` } });
    expect([again.statusCode, again.body]).toEqual([304, '']);
    change('two');
    const changed = await server.inject({ url: '/', headers: { 'if-none-match': String(etag) } });
    expect([changed.statusCode, changed.body]).toEqual([200, 'two']);
    expect(changed.headers.etag).not.toBe(etag);
  });

  it('shows that nothing but the answer to a GET gets one', async () => {
    const { server } = app();
    expect((await server.inject({ url: '/', method: 'POST' })).headers.etag).toBeUndefined();
    expect((await server.inject('/none')).headers.etag).toBeUndefined();
  });

  it('shows that only the very tag, or any by a star, matches', () => {
    expect([matches('*', '"a"'), matches('"b"', '"a"'), matches(undefined, '"a"')]).toEqual([true, false, false]);
  });
});
