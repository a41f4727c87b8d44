import { Injectable, Scope } from '@nestjs/common';
import { assertLegacyDecorator } from '@nestwire/messages';

/**
 * Makes a class a user object: Nest makes one instance a session, with its
 * dependencies.
 *
 * Receive it with `@UserObject()` in handlers, or inject it into other session-scoped classes. When the
 * session has ended, `onSessionClosed` runs, then `Symbol.asyncDispose` or `Symbol.dispose`.
 */
export function SessionScoped(): ClassDecorator {
  const scoped = Injectable({ scope: Scope.REQUEST });
  return (target: object, context?: unknown) => {
    assertLegacyDecorator('@SessionScoped()', context);
    scoped(target as never);
  };
}
