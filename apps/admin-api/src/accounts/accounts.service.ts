import { Inject, Injectable } from '@nestjs/common';
import { z } from 'zod';
import { executorPart, Parts } from '../core/parts.js';
import { ProblemError } from '../http/problem.js';
import { ExecutorReads } from '../network/executor-reads.js';
import { LogView } from '../network/log-view.js';
import { RollupsService } from '../rollups/rollups.service.js';
import type { Missing } from '../schema/missing.js';
import { decodeCursor, encodeCursor } from '../schema/page.js';
import {
  type Account,
  AccountAnswer,
  type AccountState,
  type PositionPage,
  PositionsAnswer,
  type PositionsQuery,
} from './accounts.schema.js';

const CURSOR = z.tuple([z.string().regex(/^[0-9]{1,16}$/)]);

/** States of accounts, asked of the rollups' executors. */
@Injectable()
export class AccountsService {
  constructor(
    @Inject(ExecutorReads) private readonly executors: ExecutorReads,
    @Inject(RollupsService) private readonly rollups: RollupsService,
    @Inject(LogView) private readonly view: LogView,
    @Inject(Parts) private readonly parts: Parts,
  ) {}

  /** On all rollups; those that do not answer are missing. */
  async everywhere(account: string): Promise<z.output<typeof Account>> {
    if (!this.view.registry) throw ProblemError.away(this.parts.missing());
    const asked = await Promise.all(this.view.registry.rollups.map(({ chainId }) => this.ask(chainId, account)));
    const rollups = asked.flatMap((answer) => ('away' in answer ? [] : [answer]));
    const away = asked.flatMap((answer) => ('away' in answer ? [answer.away] : []));
    return { account: account.toLowerCase(), rollups, missing: this.withAway(away) };
  }

  /** @throws ProblemError `NOT_FOUND` for the rollup, `UNAVAILABLE` */
  async on(chainId: number, account: string): Promise<z.output<typeof AccountState>> {
    this.rollups.rollup(chainId);
    const answer = await this.ask(chainId, account);
    if ('away' in answer) throw ProblemError.away(this.withAway([answer.away]));
    return answer;
  }

  /** @throws ProblemError `NOT_FOUND` for the rollup, `UNAVAILABLE` */
  async positions(
    chainId: number,
    { side, account, series, limit, cursor }: z.output<typeof PositionsQuery>,
  ): Promise<z.output<typeof PositionPage>> {
    this.rollups.rollup(chainId);
    const from = cursor === undefined ? 0 : Number(decodeCursor('positions', cursor, CURSOR)[0]);
    const { result, role, reason } = await this.executors.read(chainId, 'positions', {
      ...{ side, limit, cursor: from },
      ...(account === undefined ? {} : { account }),
      ...(series === undefined ? {} : { series }),
    });
    const answer = PositionsAnswer.safeParse(result);
    if (!answer.success || role === null) throw ProblemError.away(this.withAway([awayNow(chainId, reason)]));
    const { number, timestampMs, rows, nextCursor } = answer.data;
    return {
      chainId,
      block: number,
      timestampMs,
      answeredBy: role,
      items: rows.map((row) => ({ ...row, holder: row.holder ?? null, asset: row.asset ?? null })),
      nextCursor: nextCursor === null ? null : encodeCursor('positions', [nextCursor]),
      missing: this.parts.missing(),
    };
  }

  private async ask(chainId: number, account: string): Promise<z.output<typeof AccountState> | { away: Missing }> {
    const { result, role, reason } = await this.executors.read(chainId, 'account', { account });
    const answer = AccountAnswer.safeParse(result);
    if (!answer.success || role === null) return { away: awayNow(chainId, reason) };
    const { number, timestampMs, nonce, balances } = answer.data;
    return { chainId, block: number, timestampMs, answeredBy: role, account: account.toLowerCase(), nonce, balances };
  }

  /** What was known before keeps its time. */
  private withAway(away: readonly Missing[]): Missing[] {
    const known = this.parts.missing();
    return [...known, ...away.filter(({ part }) => !known.some((other) => other.part === part))];
  }
}

const awayNow = (chainId: number, reason: string | null): Missing => ({
  part: executorPart(chainId),
  since: new Date().toISOString(),
  reason: reason ?? 'its answer cannot be understood',
});
