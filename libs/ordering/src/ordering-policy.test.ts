import { expect, it } from 'vitest';
import { arrivalOrder, type OrderingPolicy } from './ordering-policy.js';

it('arrival order leaves everything where it is, for items of any type', () => {
  const policy: OrderingPolicy<string> = arrivalOrder;
  expect(policy.order(['b', 'a', 'c'])).toEqual(['b', 'a', 'c']);
});
