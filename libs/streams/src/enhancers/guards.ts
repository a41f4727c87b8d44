import { ForbiddenException, type CanActivate } from '@nestjs/common';
import { isObservable, lastValueFrom } from 'rxjs';
import type { StreamContext } from './stream-context.js';

/**
 * Runs guards in order; returns a promise only if a guard does.
 *
 * @throws {ForbiddenException} when a guard refuses; also any error of a guard
 */
export function runGuards(guards: readonly CanActivate[], context: StreamContext): void | Promise<void> {
  for (const [index, guard] of guards.entries()) {
    const answer = guard.canActivate(context);
    if (answer === true) continue;
    if (answer === false) throw refused();
    return waitForGuards(guards.slice(index + 1), context, answer);
  }
}

async function waitForGuards(
  rest: readonly CanActivate[],
  context: StreamContext,
  answer: unknown,
): Promise<void> {
  const settled: unknown = await answer;
  const isAllowed = isObservable(settled) ? await lastValueFrom(settled) : settled;
  if (!isAllowed) throw refused();
  await runGuards(rest, context);
}

function refused(): ForbiddenException {
  return new ForbiddenException('Forbidden resource');
}
