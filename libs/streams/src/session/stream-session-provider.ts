import { Scope, type FactoryProvider } from '@nestjs/common';
import { REQUEST } from '@nestjs/core';
import { StreamSession } from './stream-session.js';

/** Provides the session of the present context; export it from the module. */
export const streamSessionProvider: FactoryProvider<StreamSession> = {
  provide: StreamSession,
  scope: Scope.REQUEST,
  inject: [REQUEST],
  useFactory: (request: unknown) => {
    if (request instanceof StreamSession) return request;
    throw new Error(
      'StreamSession is only there inside of a stream session. A session-scoped class was asked for elsewhere, ' +
        'for example by an HTTP controller; inject MessagesService there instead.',
    );
  },
};
