import { Scope, type FactoryProvider } from '@nestjs/common';
import { REQUEST } from '@nestjs/core';
import { StreamSession } from './stream-session.js';

/** Provides the session of the current context; the module exports it. */
export const streamSessionProvider: FactoryProvider<StreamSession> = {
  provide: StreamSession,
  scope: Scope.REQUEST,
  inject: [REQUEST],
  useFactory: (request: unknown) => {
    if (request instanceof StreamSession) return request;
    throw new Error(
      'StreamSession exists only in a stream session. A session-scoped class was requested elsewhere, ' +
        'for example by an HTTP controller; inject MessagesService there instead.',
    );
  },
};
