// The network of docker-compose.yml on a real engine. Started and removed by scripts/test-compose.mjs.
import { afterAll, beforeAll, describe } from 'vitest';
import { faultTests } from './faults.js';
import { Probe } from './fixtures/probe.js';
import { observabilityTests } from './observability.js';
import { outsiderTests } from './outsider.js';
import { securityTests } from './security.js';

let probe: Probe;

beforeAll(async () => {
  probe = await Probe.start();
  await probe.tell('start', null);
});
afterAll(() => probe?.stop());

describe('an outsider', outsiderTests);
describe('security', () => securityTests(() => probe));
describe('observability', observabilityTests);
describe('faults under load', () => faultTests(() => probe, process.env.COMPOSE_FAULTS === 'all'));
