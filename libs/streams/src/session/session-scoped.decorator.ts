import { Injectable, Scope } from '@nestjs/common';
import { assertLegacyDecorator } from '@nestwire/messages';

/**
 * Marks a class as a user object: Nest creates one instance per session.
 *
 * Handlers receive it with `@UserObject()`, and other session-scoped classes inject it. After the end of the
 * session, `onSessionClosed` runs, and then `Symbol.asyncDispose` or `Symbol.dispose`.
 */
export function SessionScoped(): ClassDecorator {
  const scoped = Injectable({ scope: Scope.REQUEST });
  return (target: object, context?: unknown) => {
    assertLegacyDecorator('@SessionScoped()', context);
    // ClassDecorator takes the type Function, which the lint rules refuse.
    scoped(target as never);
  };
}
