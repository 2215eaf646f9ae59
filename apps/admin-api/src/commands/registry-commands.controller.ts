import { Body, Controller, Inject, Param, Post, UseInterceptors } from '@nestjs/common';
import { ApiTags } from '@nestjs/swagger';
import { bytesToHex, hexToBytes, KeyRole, RegistryAction, seriesId, type SeriesTerms } from '#libs/protocol';
import { Access } from '../access/access.decorator.js';
import { hash } from '../schema/scalars.js';
import { ApiCommand } from './api-command.decorator.js';
import { AsCommand, type CommandRequest } from './command-request.js';
import { NewKey, NewSeries, RegisteredRollup } from './command.schema.js';
import { ProblemError } from '../http/problem.js';
import { type Answered, CommandService } from './command.service.js';
import { ReplayInterceptor } from './replay.interceptor.js';

const ROLES = {
  sequencer: KeyRole.SEQUENCER,
  registry: KeyRole.REGISTRY,
  price: KeyRole.PRICE,
  voting: KeyRole.VOTING,
  replica: KeyRole.REPLICA,
};
const NO_KEY = new Uint8Array(20);
const NAME_BYTES_MAX = 32;

/** What changes who and what takes part, and who leads. */
@ApiTags('commands')
@Access('admin')
@UseInterceptors(ReplayInterceptor)
@Controller('api/v1')
export class RegistryCommandsController {
  constructor(@Inject(CommandService) private readonly commands: CommandService) {}

  @Post('series')
  @ApiCommand('List an option series')
  listSeries(@Body({ schema: NewSeries }) body: NewSeries, @AsCommand() request: CommandRequest): Promise<Answered> {
    const terms = toTerms(body);
    const order = { kind: 'change', action: { selector: RegistryAction.LIST_SERIES, value: terms } } as const;
    return this.commands.run(request, 'registry.list_series', order, { series: bytesToHex(seriesId(terms)) });
  }

  @Post('series/:id/delist')
  @ApiCommand(
    'Delist an option series',
    'No new options are written; what is there can be exercised and closed.',
    [404],
  )
  delistSeries(@Param('id', { schema: hash }) id: string, @AsCommand() request: CommandRequest): Promise<Answered> {
    const action = { selector: RegistryAction.DELIST_SERIES, value: hexToBytes(id) };
    return this.commands.run(request, 'registry.delist_series', { kind: 'change', action });
  }

  @Post('rollups')
  @ApiCommand(
    'Register a rollup',
    'From the next block on it has a lane, a JSON-RPC path and a feed; then start its executor. It starts without balances.',
  )
  registerRollup(
    @Body({ schema: RegisteredRollup }) body: RegisteredRollup,
    @AsCommand() request: CommandRequest,
  ): Promise<Answered> {
    const { chainId, name, votingKey, replicaKeys } = body;
    const value = {
      chainId,
      name: toName(name),
      votingKey: hexToBytes(votingKey),
      replicaKeys: replicaKeys.map((key) => hexToBytes(key)),
    };
    const action = { selector: RegistryAction.REGISTER_ROLLUP, value };
    return this.commands.run(request, 'registry.register_rollup', { kind: 'change', action });
  }

  @Post('keys')
  @ApiCommand(
    'Replace a key',
    'A sequencer or replica key can also be added or removed; in force in the next block. Votes on what was prepared ' +
      'before still need the old voting key: give the executor both until that is decided.',
  )
  setKey(@Body({ schema: NewKey }) body: NewKey, @AsCommand() request: CommandRequest): Promise<Answered> {
    const [previous, next] = [body.previous, body.next].map((key) => (key === null ? NO_KEY : hexToBytes(key)));
    const value = { role: ROLES[body.role], chainId: body.chainId ?? 0, previous: previous!, next: next! };
    const action = { selector: RegistryAction.SET_KEY, value };
    return this.commands.run(request, 'registry.set_key', { kind: 'change', action });
  }

  @Post('leader/transfer')
  @ApiCommand("End the leader's term", 'A stand-by takes over, if there is one.')
  transferLeadership(@AsCommand() request: CommandRequest): Promise<Answered> {
    return this.commands.run(request, 'leader.transfer', { kind: 'command', name: 'leader.transfer' });
  }

  @Post('leader/confirm-time')
  @ApiCommand(
    'Confirm the time',
    'Tells every node that its clock is right, so that one may lead that refuses to because it is far ahead of the log.',
  )
  confirmTime(@AsCommand() request: CommandRequest): Promise<Answered> {
    return this.commands.confirmTime(request);
  }
}

/** The bytes of a name. @throws ProblemError 422 where they are too many for the registry */
function toName(text: string): Uint8Array {
  const bytes = new TextEncoder().encode(text);
  if (bytes.length <= NAME_BYTES_MAX) return bytes;
  throw new ProblemError(
    { code: 'REGISTRY_ROLLUP', status: 422 },
    `The name has ${bytes.length} bytes, at most ${NAME_BYTES_MAX} are possible.`,
  );
}

const toTerms = ({ underlying, quote, strike, ...rest }: NewSeries): SeriesTerms => ({
  ...rest,
  underlying: hexToBytes(underlying),
  quote: hexToBytes(quote),
  strike: BigInt(strike),
});
