import { applyDecorators, SetMetadata } from '@nestjs/common';
import { ApiExtension } from '@nestjs/swagger';

/**
 * Who may call a route: `open` is everybody, the others are roles, each of which may do what those before it may. A
 * route without it is refused to all.
 */
export type AccessLevel = 'open' | 'viewer' | 'operator' | 'admin';

/** Under this key a route's {@link AccessLevel} stands in its metadata. */
export const ACCESS_KEY = 'lockstep:access';

/** The extension that names it in the OpenAPI document. */
export const ACCESS_EXTENSION = 'x-access';

/** Says who may call a route; for a controller or one of its methods. */
export const Access = (level: AccessLevel): ReturnType<typeof applyDecorators> =>
  applyDecorators(SetMetadata(ACCESS_KEY, level), ApiExtension(ACCESS_EXTENSION, level));
