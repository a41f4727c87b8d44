import {
  Catch,
  ForbiddenException,
  Inject,
  Injectable,
  Scope,
  type CallHandler,
  type CanActivate,
  type ExceptionFilter,
  type ExecutionContext,
  type NestInterceptor,
  type PipeTransform,
  type Provider,
} from '@nestjs/common';
import { APP_FILTER, APP_GUARD, APP_INTERCEPTOR, APP_PIPE, REQUEST } from '@nestjs/core';
import { tap } from 'rxjs';
import { createStreamClient } from '@nestwire/client';
import { CodedError } from '@nestwire/protocol';
import {
  OnStreamMessage,
  OnStreamOpened,
  StreamEndpoint,
  StreamSession,
  type StreamsOf,
} from '@nestwire/streams';
import { MESSAGES, Note, note } from './messages.js';
import { connected, failureOf, startApp, stopAll, towards, type AppParts } from './start-app.js';

// Row 6 of what issues of Nest's gateways ask for: what is global applies to streams too, however it is given.

class Refused extends Error {}

@StreamEndpoint('desk')
export class DeskEndpoint {
  @OnStreamOpened()
  opened(_session: StreamSession<Note>): void {}

  @OnStreamMessage(Note)
  handle(_session: StreamSession<Note>, message: Note): Note {
    if (message.text === 'throw') throw new Refused('as asked');
    return message;
  }
}

type Streams = StreamsOf<{ desk: DeskEndpoint }>;

const log: string[] = [];

@Injectable()
class LoggingGuard implements CanActivate {
  canActivate(context: ExecutionContext): boolean {
    log.push(`guard ${context.switchToWs().getPattern()}`);
    const { text } = (context.switchToWs().getData<Partial<Note> | undefined>() ?? {}) as Partial<Note>;
    if (text === 'forbidden') throw new ForbiddenException();
    return true;
  }
}

@Injectable()
class LoggingInterceptor implements NestInterceptor {
  intercept(_context: ExecutionContext, next: CallHandler) {
    return next.handle().pipe(tap(() => void log.push('intercepted')));
  }
}

@Injectable()
class ShoutingPipe implements PipeTransform {
  transform(value: unknown): unknown {
    if (value instanceof Note) value.text = value.text.toUpperCase();
    return value;
  }
}

@Catch(Refused)
class RefusedFilter implements ExceptionFilter {
  catch(error: Refused): Error {
    log.push('filtered');
    return new CodedError('REFUSED', error.message);
  }
}

const registered: ReadonlyArray<readonly [how: string, parts: AppParts]> = [
  [
    'by app.useGlobal…()',
    {
      prepare: (app) => {
        app.useGlobalGuards(new LoggingGuard());
        app.useGlobalInterceptors(new LoggingInterceptor());
        app.useGlobalPipes(new ShoutingPipe());
        app.useGlobalFilters(new RefusedFilter());
      },
    },
  ],
  [
    'as APP_ providers',
    {
      providers: [
        { provide: APP_GUARD, useClass: LoggingGuard },
        { provide: APP_INTERCEPTOR, useClass: LoggingInterceptor },
        { provide: APP_PIPE, useClass: ShoutingPipe },
        { provide: APP_FILTER, useClass: RefusedFilter },
      ],
    },
  ],
  [
    'as APP_ providers made for each session',
    {
      providers: [
        { provide: APP_GUARD, useClass: LoggingGuard, scope: Scope.REQUEST },
        { provide: APP_INTERCEPTOR, useClass: LoggingInterceptor, scope: Scope.REQUEST },
        { provide: APP_PIPE, useClass: ShoutingPipe, scope: Scope.REQUEST },
        { provide: APP_FILTER, useClass: RefusedFilter, scope: Scope.REQUEST },
      ],
    },
  ],
];

const start = async ({ providers = [], ...parts }: AppParts) => {
  const target = await startApp({ ...parts, providers: [DeskEndpoint, ...providers] });
  const client = await connected(createStreamClient<Streams>()({ ...towards(target), messages: MESSAGES }));
  return { target, client };
};

beforeEach(() => void log.splice(0));
afterEach(stopAll);

describe('6: global enhancers', () => {
  describe.each(registered)('%s', (_, parts) => {
    it.each(['express', 'fastify'] as const)('6: apply to open and messages on %s', async (platform) => {
      const { client } = await start({ ...parts, platform });
      const reader = client.desk.stream[Symbol.asyncIterator]();

      await client.desk.sendStreamMessage(note('hello'));

      expect((await reader.next()).value).toMatchObject({ text: 'HELLO' });
      expect(log).toEqual(['guard stream.opened', 'intercepted', 'guard e2e.note', 'intercepted']);
    });

    it('6: refuse and translate, once', async () => {
      const { client } = await start(parts);

      const refused = await failureOf(client.desk.sendStreamMessage(note('forbidden')));
      // The pipe shouts, so what the handler throws for is asked for by a message that it leaves alone.
      const handled = await client.desk.sendStreamMessage(note('fine'));

      expect(refused).toMatchObject({ code: 'FORBIDDEN' });
      expect(handled).toBeUndefined();
    });
  });

  it.each([
    ['by app.useGlobalFilters()', { prepare: (app) => void app.useGlobalFilters(new RefusedFilter()) }],
    ['by APP_FILTER', { providers: [{ provide: APP_FILTER, useClass: RefusedFilter }] }],
    [
      'by an APP_FILTER made for each session',
      { providers: [{ provide: APP_FILTER, useClass: RefusedFilter, scope: Scope.REQUEST }] },
    ],
  ] as ReadonlyArray<readonly [string, AppParts]>)('6: filters run once, %s', async (_, parts) => {
    const { client } = await start(parts);

    const error = await failureOf(client.desk.sendStreamMessage(note('throw')));

    expect(error).toMatchObject({ code: 'REFUSED', message: 'as asked' });
    expect(log).toEqual(['filtered']);
  });

  it('6: an APP_GUARD that injects the session has it, one for each', async () => {
    const made: string[] = [];

    @Injectable({ scope: Scope.REQUEST })
    class SessionGuard implements CanActivate {
      constructor(@Inject(REQUEST) private readonly session: StreamSession) {
        made.push(session.id);
      }

      canActivate(context: ExecutionContext): boolean {
        return context.switchToWs().getClient<StreamSession>() === this.session;
      }
    }

    const guard: Provider = { provide: APP_GUARD, useClass: SessionGuard };
    const { client, target } = await start({ providers: [guard] });
    const other = await connected(createStreamClient<Streams>()({ ...towards(target), messages: MESSAGES }));

    for (const text of ['a', 'b']) await client.desk.sendStreamMessage(note(text));
    await other.desk.sendStreamMessage(note('c'));

    expect(new Set(made).size).toBe(2);
    expect(made).toHaveLength(2);
  });
});
