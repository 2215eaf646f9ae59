import type { ExecutionContext } from '@nestjs/common';
import { Reflector } from '@nestjs/core';
import { defer, firstValueFrom, of } from 'rxjs';
import { describe, expect, it } from 'vitest';
import { SHARED_READ_KEY, SharedReadsInterceptor } from './shared-reads.interceptor.js';

function rig(isShared: boolean) {
  const handler = (): void => {};
  Reflect.defineMetadata(SHARED_READ_KEY, isShared, handler);
  let nowMs = 0;
  let asked = 0;
  const interceptor = new SharedReadsInterceptor(new Reflector(), () => nowMs);
  const ask = (url: string): Promise<unknown> => {
    const http = { getRequest: () => ({ url }) };
    const context = { getHandler: () => handler, switchToHttp: () => http } as unknown as ExecutionContext;
    return firstValueFrom(interceptor.intercept(context, { handle: () => defer(() => of(++asked)) }));
  };
  return { ask, pass: (ms: number) => (nowMs += ms) };
}

describe('SharedReadsInterceptor', () => {
  it('shows that equal requests of one moment are answered once, and later ones anew', async () => {
    const { ask, pass } = rig(true);
    expect([await ask('/a'), await ask('/a'), await ask('/b')]).toEqual([1, 1, 2]);
    pass(200);
    expect(await ask('/a')).toBe(3);
  });

  it('shows that a route that does not share asks every time', async () => {
    const { ask } = rig(false);
    expect([await ask('/a'), await ask('/a')]).toEqual([1, 2]);
  });
});
