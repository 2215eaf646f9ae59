import { ProblemError } from '../http/problem.js';

/** Codes of refusals that say that the thing is not there. */
const NOT_FOUND = new Set(['REGISTRY_UNKNOWN_ROLLUP', 'REGISTRY_UNKNOWN_SERIES', 'REGISTRY_UNKNOWN_MARKET']);
/** Codes of refusals of what the request's body says. */
const UNPROCESSABLE = new Set(['REGISTRY_SERIES_TERMS', 'REGISTRY_ROLLUP', 'REGISTRY_KEY']);
/** Codes of refusals that will pass: nothing was changed, and the same may be sent again. */
const PASSING = new Set(['NOT_LEADING', 'CANNOT_WRITE', 'BUSY', 'INTERNAL', 'COMMAND_REPEATED']);

/** Whether the leader's refusal says nothing of the command itself. */
export const isPassing = (code: string): boolean => PASSING.has(code);

/** The problem that answers a leader's refusal, for good. */
export function refusalProblem(code: string, message: string): ProblemError {
  const status = NOT_FOUND.has(code) ? 404 : UNPROCESSABLE.has(code) ? 422 : 409;
  return new ProblemError({ code, status }, message);
}

/** The leader could not be asked, or did not say: sent again with the same key, it is found out. */
export const outcomeUnknown = (why: string): ProblemError =>
  new ProblemError(
    { code: 'OUTCOME_UNKNOWN', status: 503, retryAfterS: 1 },
    `Whether the command was carried out is not known: ${why}`,
    'Send it again with the same Idempotency-Key: it has no second effect.',
  );

export const commandsUnavailable = (why: string): ProblemError =>
  new ProblemError(
    { code: 'COMMANDS_UNAVAILABLE', status: 503 },
    why,
    'Start the admin API with REGISTRY_KEY or REGISTRY_KEY_FILE, the registry key of this log.',
  );
