export type ServerErrorCode =
  | 'data_directory_in_use'
  | 'data_directory_not_usable'
  | 'line_not_seen'
  | 'nats_server_missing'
  | 'nats_server_not_usable'
  | 'nats_start_failed'
  | 'port_in_use'
  | 'postgres_binaries_missing'
  | 'postgres_init_failed'
  | 'postgres_start_failed'
  | 'postgres_user_missing'
  | 'process_start_failed';

/** What went wrong with a process or server of ours, told to a person: what happened, and what to do about it. */
export class ServerError extends Error {
  override readonly name = 'ServerError';

  /**
   * @param code stable, for programs
   * @param happened one sentence with the value at fault
   * @param advice what to do
   */
  constructor(
    readonly code: ServerErrorCode,
    happened: string,
    readonly advice: string,
    options?: ErrorOptions,
  ) {
    super(`${happened} ${advice}`, options);
  }
}
