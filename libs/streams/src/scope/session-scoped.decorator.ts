import { Injectable, Scope } from '@nestjs/common';

/**
 * Makes a class a user object: Nest makes one instance a session, with its
 * dependencies.
 *
 * Receive it with `@UserObject()` in handlers, or inject it into other session-scoped classes. When the
 * session has ended, `onSessionClosed` runs, then `Symbol.asyncDispose` or `Symbol.dispose`.
 */
export function SessionScoped(): ClassDecorator {
  return Injectable({ scope: Scope.REQUEST });
}
