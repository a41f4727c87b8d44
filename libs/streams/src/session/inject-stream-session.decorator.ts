import { Inject } from '@nestjs/common';
import { StreamSession } from './stream-session.js';

/** Injects the `StreamSession` that a session-scoped class belongs to. */
export function InjectStreamSession(): ParameterDecorator & PropertyDecorator {
  return Inject(StreamSession);
}
