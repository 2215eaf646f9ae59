/** The {@link AdminApiSettings} of the process. */
export const SETTINGS = Symbol('settings');
/** Its pino logger. */
export const LOGGER = Symbol('logger');
/** Its prom-client registry, and its tree of metrics. */
export const METRICS_REGISTRY = Symbol('metrics registry');
export const METRICS = Symbol('metrics');
