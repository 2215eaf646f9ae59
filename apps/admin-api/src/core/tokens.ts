/** The {@link AdminApiSettings} of the process. */
export const SETTINGS = Symbol('settings');
/** Its pino logger. */
export const LOGGER = Symbol('logger');
