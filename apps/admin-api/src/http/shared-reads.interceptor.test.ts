import type { ExecutionContext } from '@nestjs/common';
import { Reflector } from '@nestjs/core';
import { defer, firstValueFrom, type Observable, of } from 'rxjs';
import { describe, expect, it } from 'vitest';
import { etagOf } from './etag.js';
import { SHARED_READ_KEY, SharedReadsInterceptor } from './shared-reads.interceptor.js';

function rig(isShared: boolean) {
  const handler = (): void => {};
  Reflect.defineMetadata(SHARED_READ_KEY, isShared, handler);
  let nowMs = 0;
  let [asked, tookMs] = [0, 0];
  const interceptor = new SharedReadsInterceptor(new Reflector(), () => nowMs);
  const headers: Record<string, string>[] = [];
  const ask = (url: string): Promise<unknown> => {
    const sent: Record<string, string> = {};
    const reply = { header: (name: string, value: string) => ((sent[name] = value), reply) };
    headers.push(sent);
    const http = { getRequest: () => ({ url }), getResponse: () => reply };
    const handle = (): Observable<unknown> =>
      defer(() => {
        nowMs += tookMs;
        return of({ asked: ++asked });
      });
    const context = { getHandler: () => handler, switchToHttp: () => http } as unknown as ExecutionContext;
    return firstValueFrom(interceptor.intercept(context, { handle }));
  };
  return { ask, headers, pass: (ms: number) => (nowMs += ms), takes: (ms: number) => (tookMs = ms) };
}

describe('SharedReadsInterceptor', () => {
  it('shows that equal requests of one moment are answered once, and later ones anew', async () => {
    const { ask, pass } = rig(true);
    expect([await ask('/a'), await ask('/a'), await ask('/b')]).toEqual(['{"asked":1}', '{"asked":1}', '{"asked":2}']);
    pass(200);
    expect(await ask('/a')).toBe('{"asked":3}');
  });

  it.each([
    [1, 200],
    [3, 600],
    [50, 1_000],
  ])('shows that what took %i ms is shared for %i ms', async (tookMs, sharedMs) => {
    const { ask, pass, takes } = rig(true);
    takes(tookMs);
    await ask('/a');
    pass(sharedMs - tookMs - 1);
    expect(await ask('/a')).toBe('{"asked":1}');
    pass(1);
    expect(await ask('/a')).toBe('{"asked":2}');
  });

  it('shows that a shared answer says that it is JSON, and has the ETag of its bytes', async () => {
    const { ask, headers } = rig(true);
    const text = (await ask('/a')) as string;
    await ask('/a');
    const expected = { 'content-type': 'application/json; charset=utf-8', etag: etagOf(text) };
    expect(headers).toEqual([expected, expected]);
  });

  it('shows that a route that does not share asks every time', async () => {
    const { ask } = rig(false);
    expect([await ask('/a'), await ask('/a')]).toEqual([{ asked: 1 }, { asked: 2 }]);
  });
});
