import { Controller, Inject, Param, Post, UseInterceptors } from '@nestjs/common';
import { ApiTags } from '@nestjs/swagger';
import { hexToBytes, RegistryAction } from '#libs/protocol';
import { Access } from '../access/access.decorator.js';
import { chainIdParam, hash } from '../schema/scalars.js';
import { ApiCommand } from './api-command.decorator.js';
import { AsCommand, type CommandRequest } from './command-request.js';
import { type Answered, CommandService } from './command.service.js';
import { ReplayInterceptor } from './replay.interceptor.js';

/** What operators do while the network runs. */
@ApiTags('commands')
@Access('operator')
@UseInterceptors(ReplayInterceptor)
@Controller('api/v1')
export class NetworkCommandsController {
  constructor(@Inject(CommandService) private readonly commands: CommandService) {}

  @Post('rollups/:chainId/pause')
  @ApiCommand('Pause a rollup', 'It takes no new transactions and prepares; decisions go on.', [404])
  pauseRollup(@Param('chainId', { schema: chainIdParam }) chainId: number, @AsCommand() request: CommandRequest) {
    return this.setFlag(request, RegistryAction.SET_ROLLUP_PAUSED, chainId, true);
  }

  @Post('rollups/:chainId/resume')
  @ApiCommand('Resume a rollup', undefined, [404])
  resumeRollup(@Param('chainId', { schema: chainIdParam }) chainId: number, @AsCommand() request: CommandRequest) {
    return this.setFlag(request, RegistryAction.SET_ROLLUP_PAUSED, chainId, false);
  }

  @Post('executors/:chainId/quarantine')
  @ApiCommand("Quarantine a rollup's executor", 'The rollup takes no new prepares; what is prepared is decided.', [404])
  quarantineExecutor(
    @Param('chainId', { schema: chainIdParam }) chainId: number,
    @AsCommand() request: CommandRequest,
  ) {
    return this.setFlag(request, RegistryAction.SET_ROLLUP_QUARANTINED, chainId, true);
  }

  @Post('executors/:chainId/release')
  @ApiCommand("Release a rollup's executor from quarantine", undefined, [404])
  releaseExecutor(@Param('chainId', { schema: chainIdParam }) chainId: number, @AsCommand() request: CommandRequest) {
    return this.setFlag(request, RegistryAction.SET_ROLLUP_QUARANTINED, chainId, false);
  }

  @Post('intake/drain')
  @ApiCommand('Drain the intake', 'New transactions and operations are refused; everything that was taken goes on.')
  drainIntake(@AsCommand() request: CommandRequest): Promise<Answered> {
    return this.commands.run(request, 'intake.drain', { kind: 'command', name: 'intake.drain' });
  }

  @Post('intake/resume')
  @ApiCommand('Resume the intake')
  resumeIntake(@AsCommand() request: CommandRequest): Promise<Answered> {
    return this.commands.run(request, 'intake.resume', { kind: 'command', name: 'intake.resume' });
  }

  @Post('operations/:id/abort')
  @ApiCommand('Abort an undecided operation')
  abortOperation(@Param('id', { schema: hash }) id: string, @AsCommand() request: CommandRequest): Promise<Answered> {
    const argument = hexToBytes(id);
    return this.commands.run(request, 'operation.abort', { kind: 'command', name: 'operation.abort', argument });
  }

  private setFlag(
    request: CommandRequest,
    selector: RegistryAction.SET_ROLLUP_PAUSED | RegistryAction.SET_ROLLUP_QUARANTINED,
    chainId: number,
    value: boolean,
  ): Promise<Answered> {
    const command = `registry.${RegistryAction[selector].toLowerCase()}`;
    return this.commands.run(request, command, { kind: 'change', action: { selector, value: { chainId, value } } });
  }
}
