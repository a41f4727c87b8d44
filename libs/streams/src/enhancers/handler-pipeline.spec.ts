import {
  BadRequestException,
  Catch,
  createParamDecorator,
  ForbiddenException,
  HttpException,
  Inject,
  Injectable,
  Logger,
  Scope,
  SetMetadata,
  UseFilters,
  UseGuards,
  UseInterceptors,
  UsePipes,
  ValidationPipe,
  type ArgumentsHost,
  type CallHandler,
  type CanActivate,
  type ExceptionFilter,
  type ExecutionContext,
  type NestInterceptor,
  type PipeTransform,
  type Provider,
} from '@nestjs/common';
import {
  APP_FILTER,
  APP_GUARD,
  APP_INTERCEPTOR,
  APP_PIPE,
  ExternalContextCreator,
  Reflector,
  REQUEST,
} from '@nestjs/core';
import { BaseWsExceptionFilter, ConnectedSocket, MessageBody, WsException } from '@nestjs/websockets';
import { CodedError, create, StreamMessage } from '@nestwire/protocol';
import { IsString } from 'class-validator';
import { from, lastValueFrom, map, Observable, of, tap, toArray } from 'rxjs';
import {
  bootEndpoints,
  closedByClient,
  sessionOf,
  type EndpointApp,
} from '../../../../test/rig/bind-endpoint.js';
import { BoundEndpoint } from '../endpoint/bound-endpoint.js';
import { EndpointExplorer } from '../endpoint/endpoint.explorer.js';
import { completeRouteArguments, declaredClassOf } from '../endpoint/endpoint-metadata.js';
import { OnStreamClosed } from '../endpoint/on-stream-closed.decorator.js';
import { OnStreamMessage } from '../endpoint/on-stream-message.decorator.js';
import { OnStreamOpened } from '../endpoint/on-stream-opened.decorator.js';
import { StreamEndpoint } from '../endpoint/stream-endpoint.decorator.js';
import { StreamMessageId } from '../endpoint/stream-message-id.decorator.js';
import { SessionScopes } from '../session/session-scopes.js';
import { SessionCloseReason } from '../session/session-close-reason.js';
import { StreamSession } from '../session/stream-session.js';
import { MessageReaders } from '../validation/message-reader.js';
import { NestCompat } from './nest-compat.js';

@StreamMessage('pipeline.note')
class Note {
  declare readonly $type: 'pipeline.note';
  @IsString() text!: string;
}

const log: string[] = [];

@Injectable()
class Journal {
  readonly name = 'journal';
}

@Injectable()
class AllowGuard implements CanActivate {
  constructor(private readonly journal: Journal) {}
  canActivate(context: ExecutionContext): boolean {
    const ws = context.switchToWs();
    log.push(
      `allow:${this.journal.name}:${context.getType()}:${ws.getPattern()}:${context.getHandler().name}`,
    );
    return true;
  }
}

@Injectable()
class DenyGuard implements CanActivate {
  canActivate(): boolean {
    log.push('deny');
    return false;
  }
}

@Injectable()
class AsyncDenyGuard implements CanActivate {
  canActivate(): Observable<boolean> {
    return of(false);
  }
}

@Injectable({ scope: Scope.REQUEST })
class SessionGuard implements CanActivate {
  constructor(@Inject(REQUEST) private readonly session?: StreamSession) {}
  canActivate(context: ExecutionContext): boolean {
    log.push(`session-guard:${this.session === context.switchToWs().getClient()}`);
    return this.session instanceof StreamSession;
  }
}

@Injectable({ scope: Scope.TRANSIENT })
class TransientGuard implements CanActivate {
  constructor(private readonly journal: Journal) {}
  canActivate(): boolean {
    log.push(`transient:${this.journal?.name}`);
    return true;
  }
}

@Injectable()
class ShoutPipe implements PipeTransform {
  transform(value: unknown): unknown {
    return value instanceof Note ? create(Note, { text: value.text.toUpperCase() }) : value;
  }
}

@Injectable()
class TraceInterceptor implements NestInterceptor {
  intercept(context: ExecutionContext, next: CallHandler): Observable<unknown> {
    log.push(`before:${context.getHandler().name}`);
    return next.handle().pipe(tap(() => log.push('after')));
  }
}

@Catch(TypeError)
class TypeErrorFilter implements ExceptionFilter {
  catch(error: TypeError, host: ArgumentsHost): unknown {
    log.push(`filter:${host.getType()}:${error.message}`);
    if (error.message === 'coded') return new CodedError('APP_BUSY', 'Later.');
    if (error.message === 'message') return create(Note, { text: 'instead' });
    if (error.message === 'broken') throw new RangeError('the filter itself is broken');
    return undefined;
  }
}

const Who = createParamDecorator((_: unknown, context: ExecutionContext) => {
  return (
    (context.switchToWs().getClient() as StreamSession<never, { id: string } | null>).user?.id ?? 'nobody'
  );
});
const WhoLater = createParamDecorator(() => Promise.resolve('later'));
const Role = (role: string): MethodDecorator => SetMetadata('role', role);

@Injectable()
class RoleGuard implements CanActivate {
  constructor(private readonly reflector: Reflector) {}
  canActivate(context: ExecutionContext): boolean {
    log.push(`role:${this.reflector.get<string>('role', context.getHandler())}`);
    return true;
  }
}

const note = { text: 'hello' };

function kinds(cls: object, name = 'note'): PropertyDescriptor {
  return Object.getOwnPropertyDescriptor((cls as { prototype: object }).prototype, name)!;
}

/** Makes an endpoint with one handler, which each test decorates. */
function noteEndpoint(...decorators: MethodDecorator[]) {
  @StreamEndpoint('notes')
  class NoteEndpoint {
    @OnStreamMessage(Note)
    note(_session: StreamSession<Note>, message: Note): unknown {
      log.push(`note:${message.text}`);
      if (message.text.startsWith('type:')) throw new TypeError(message.text.slice(5));
      return create(Note, { text: `${message.text}!` });
    }
  }
  for (const decorate of decorators) decorate(NoteEndpoint.prototype, 'note', kinds(NoteEndpoint));
  return NoteEndpoint;
}

async function run(app: EndpointApp, text = 'hello'): Promise<unknown> {
  const { handlers } = await app.bind('notes');
  return handlers.handle('pipeline.note', { text });
}

async function bootNotes(decorators: MethodDecorator[], providers: Provider[] = []): Promise<EndpointApp> {
  return bootEndpoints({ providers: [noteEndpoint(...decorators), Journal, ...providers] });
}

beforeAll(() => Logger.overrideLogger(false));
beforeEach(() => void log.splice(0));

describe('A handler', () => {
  it('without asynchronous enhancers runs in the same turn and returns no promise', async () => {
    const app = await bootNotes([UseGuards(AllowGuard), UsePipes(ShoutPipe), UseFilters(TypeErrorFilter)]);
    const { handlers } = await app.bind('notes');
    const result = handlers.handle('pipeline.note', note);
    expect(result).toEqual(create(Note, { text: 'HELLO!' }));
    expect(log).toEqual(['allow:journal:ws:pipeline.note:note', 'note:HELLO']);
  });

  it('answers a message that it has no handler for with UNKNOWN_MESSAGE', async () => {
    const { handlers } = await (await bootNotes([])).bind('notes');
    expect(() => handlers.handle('pipeline.other', {})).toThrow(
      expect.objectContaining({ code: 'UNKNOWN_MESSAGE' }),
    );
  });

  it('is not reached by a message that is not valid', async () => {
    const { handlers } = await (await bootNotes([])).bind('notes');
    expect(() => handlers.handle('pipeline.note', { text: 7 })).toThrow(
      expect.objectContaining({
        code: 'INVALID_MESSAGE',
        details: [{ path: 'text', message: 'text must be a string' }],
      }),
    );
    expect(log).toEqual([]);
  });

  it('takes parameters by position, by decorator, and by decorators of the application', async () => {
    @StreamEndpoint('params')
    class ParamsEndpoint {
      @OnStreamMessage(Note)
      note(
        @Who() who: string,
        @MessageBody() message: Note,
        @WhoLater() later: string,
        @MessageBody('text') text: string,
        @ConnectedSocket() session: StreamSession,
      ): unknown {
        return [who, message instanceof Note, later, text, session.endpoint];
      }

      @OnStreamClosed()
      closed(session: StreamSession, reason: SessionCloseReason): void {
        log.push(`closed:${session.endpoint}:${reason.code}`);
      }
    }
    const app = await bootEndpoints({ providers: [ParamsEndpoint] });
    const { handlers } = await app.bind('params', { id: 'alice' });
    expect(await handlers.handle('pipeline.note', note)).toEqual(['alice', true, 'later', 'hello', 'params']);
    await handlers.closed(closedByClient);
    expect(log).toEqual(['closed:params:closed-by-client']);
  });

  it('is found when it is inherited, and under every class of a catch-all', async () => {
    @StreamMessage('pipeline.ping')
    class Ping {
      declare readonly $type: 'pipeline.ping';
    }
    class Base {
      @OnStreamMessage(Note, Ping)
      any(_session: StreamSession, message: Note | Ping): unknown {
        return message.$type;
      }
    }
    @StreamEndpoint('inherited')
    class Inherited extends Base {}
    const { handlers } = await (await bootEndpoints({ providers: [Inherited] })).bind('inherited');
    expect([handlers.handle('pipeline.note', note), handlers.handle('pipeline.ping', {})]).toEqual([
      'pipeline.note',
      'pipeline.ping',
    ]);
  });
});

describe('Guards', () => {
  it('refuse with FORBIDDEN, synchronously or not', async () => {
    for (const guard of [DenyGuard, AsyncDenyGuard]) {
      const app = await bootNotes([UseGuards(guard)]);
      await expect(run(app)).rejects.toBeInstanceOf(ForbiddenException);
    }
    expect(log).toEqual(['deny']);
  });

  it('read metadata of the handler', async () => {
    await run(await bootNotes([Role('writer'), UseGuards(RoleGuard)]));
    expect(log).toEqual(['role:writer', 'note:hello']);
  });

  it('of the class run when a stream opens, also without @OnStreamOpened', async () => {
    @UseGuards(AllowGuard, DenyGuard)
    @StreamEndpoint('guarded')
    class GuardedEndpoint {
      @OnStreamMessage(Note) note(_session: StreamSession, _message: Note): void {}
    }
    const app = await bootEndpoints({ providers: [GuardedEndpoint, Journal] });
    const { handlers } = await app.bind('guarded');
    expect(() => handlers.opened()).toThrow(ForbiddenException);
    expect(() => handlers.authorize()).toThrow(ForbiddenException);
    expect(log).toEqual([
      'allow:journal:ws:stream.opened:noHandler',
      'deny',
      'allow:journal:ws:stream.opened:noHandler',
      'deny',
    ]);
  });

  it('run before @OnStreamOpened, alone for authorize, and not for @OnStreamClosed', async () => {
    @UseGuards(AllowGuard)
    @StreamEndpoint('opened')
    class OpenedEndpoint {
      @OnStreamOpened() opened(): unknown {
        log.push('opened');
        return 'sent';
      }
      @OnStreamClosed() closed(): void {
        log.push('closed');
      }
    }
    const app = await bootEndpoints({ providers: [OpenedEndpoint, Journal] });
    const { handlers } = await app.bind('opened');
    expect(handlers.opened()).toBe('sent');
    void handlers.authorize();
    await handlers.closed(closedByClient);
    const guard = 'allow:journal:ws:stream.opened:opened';
    expect(log).toEqual([guard, 'opened', guard, 'closed']);
  });

  it('made for each session are constructed with it, never used as a placeholder', async () => {
    const app = await bootNotes([UseGuards(SessionGuard)]);
    await run(app);
    expect(log).toEqual(['session-guard:true', 'note:hello']);
  });

  it('that are transient are constructed', async () => {
    await run(await bootNotes([UseGuards(TransientGuard)]));
    expect(log).toEqual(['transient:journal', 'note:hello']);
  });
});

describe('APP_ providers', () => {
  it.each([
    ['singletons', Scope.DEFAULT],
    ['request-scoped ones', Scope.REQUEST],
    ['transient ones', Scope.TRANSIENT],
  ])('apply as %s, constructed with their dependencies', async (_, scope) => {
    const app = await bootNotes(
      [],
      [
        { provide: APP_GUARD, useClass: AllowGuard, scope },
        { provide: APP_PIPE, useClass: ShoutPipe, scope },
        { provide: APP_INTERCEPTOR, useClass: TraceInterceptor, scope },
        { provide: APP_FILTER, useClass: TypeErrorFilter, scope },
      ],
    );
    expect(await run(app)).toEqual(create(Note, { text: 'HELLO!' }));
    expect(log).toEqual(['allow:journal:ws:pipeline.note:note', 'before:note', 'note:HELLO', 'after']);
  });

  it('with a guard that depends on the session is constructed for each', async () => {
    await run(await bootNotes([], [{ provide: APP_GUARD, useClass: SessionGuard }]));
    expect(log).toEqual(['session-guard:true', 'note:hello']);
  });

  it('with Nest’s ValidationPipe leave a valid message alone', async () => {
    const app = await bootNotes(
      [],
      [
        {
          provide: APP_PIPE,
          useValue: new ValidationPipe({ whitelist: true, forbidNonWhitelisted: true, transform: true }),
        },
      ],
    );
    expect(await run(app)).toEqual(create(Note, { text: 'hello!' }));
  });
});

describe('Interceptors', () => {
  it('surround the handler and may change its result', async () => {
    const upper: NestInterceptor = {
      intercept: (_, next) =>
        next.handle().pipe(map((sent: Note) => create(Note, { text: sent.text.toUpperCase() }))),
    };
    expect(await run(await bootNotes([UseInterceptors(TraceInterceptor, upper)]))).toEqual(
      create(Note, { text: 'HELLO!' }),
    );
    expect(log).toEqual(['before:note', 'note:hello', 'after']);
  });

  it('see each message of an Observable, and all of them come through', async () => {
    @UseInterceptors(TraceInterceptor)
    @StreamEndpoint('many')
    class ManyEndpoint {
      @OnStreamMessage(Note)
      many(_session: StreamSession, message: Note): Observable<Note> {
        return from([1, 2, 3]).pipe(map((n) => create(Note, { text: `${message.text}${n}` })));
      }
    }
    const { handlers } = await (await bootEndpoints({ providers: [ManyEndpoint] })).bind('many');
    const result = (await handlers.handle('pipeline.note', note)) as Observable<Note>;
    const all = await lastValueFrom(result.pipe(toArray()));
    expect(all.map(({ text }) => text)).toEqual(['hello1', 'hello2', 'hello3']);
    expect(log).toEqual(['before:many', 'after', 'after', 'after']);
  });

  it('let an endless Observable answer at once, and stop it without a subscriber', async () => {
    @UseInterceptors(TraceInterceptor)
    @StreamEndpoint('endless')
    class EndlessEndpoint {
      @OnStreamMessage(Note)
      endless(_session: StreamSession, _message: Note): Observable<Note> {
        return new Observable(() => () => log.push('stopped'));
      }
    }
    const { handlers } = await (await bootEndpoints({ providers: [EndlessEndpoint] })).bind('endless');
    const result = (await handlers.handle('pipeline.note', note)) as Observable<Note>;
    const subscription = result.subscribe();
    await Promise.resolve();
    subscription.unsubscribe();
    expect(log).toEqual(['before:endless', 'stopped']);
  });

  it('pass on what the handler throws', async () => {
    await expect(run(await bootNotes([UseInterceptors(TraceInterceptor)]), 'type:x')).rejects.toThrow(
      TypeError,
    );
  });
});

describe('Filters', () => {
  it('run once and answer with the error that they return', async () => {
    const app = await bootNotes([UseFilters(TypeErrorFilter)]);
    await expect(run(app, 'type:coded')).rejects.toMatchObject({ code: 'APP_BUSY' });
    expect(log).toEqual(['note:type:coded', 'filter:ws:coded']);
  });

  it('settle the call with a message that they return', async () => {
    expect(await run(await bootNotes([UseFilters(TypeErrorFilter)]), 'type:message')).toEqual(
      create(Note, { text: 'instead' }),
    );
  });

  it('that return nothing leave the original error', async () => {
    const app = await bootNotes([UseFilters(TypeErrorFilter)]);
    await expect(run(app, 'type:plain')).rejects.toThrow(new TypeError('plain'));
    expect(log.filter((entry) => entry.startsWith('filter'))).toHaveLength(1);
  });

  it('that fail themselves do not hide the original error', async () => {
    await expect(run(await bootNotes([UseFilters(TypeErrorFilter)]), 'type:broken')).rejects.toThrow(
      new TypeError('broken'),
    );
    await expect(
      run(await bootNotes([UseFilters(new BaseWsExceptionFilter())]), 'type:gateway'),
    ).rejects.toThrow(new TypeError('gateway'));
  });

  it('may translate to an exception of Nest, by throwing it', async () => {
    @Catch()
    class Translate implements ExceptionFilter {
      catch(): never {
        throw new BadRequestException('translated');
      }
    }
    await expect(run(await bootNotes([UseFilters(Translate)]), 'type:x')).rejects.toThrow('translated');
  });

  it('of the method come before those of the class and the global ones', async () => {
    const named = (name: string): ExceptionFilter => ({ catch: () => void log.push(name) });
    const app = await bootNotes(
      [UseFilters(named('method'))],
      [{ provide: APP_FILTER, useValue: named('global') }],
    );
    await expect(run(app, 'type:x')).rejects.toThrow(TypeError);
    expect(log).toEqual(['note:type:x', 'method']);
  });

  it('catch what a guard threw', async () => {
    @Catch(HttpException)
    class Seen implements ExceptionFilter {
      catch(error: HttpException): unknown {
        log.push(`caught:${error.getStatus()}`);
        return new WsException('no');
      }
    }
    await expect(run(await bootNotes([UseGuards(DenyGuard), UseFilters(Seen)]))).rejects.toBeInstanceOf(
      WsException,
    );
    expect(log).toEqual(['deny', 'caught:403']);
  });
});

describe('@OnStreamClosed', () => {
  it('never throws, whether it fails now or later', async () => {
    for (const fail of [
      () => {
        throw new Error('now');
      },
      () => Promise.reject(new Error('later')),
    ]) {
      @StreamEndpoint('failing')
      class FailingEndpoint {
        @OnStreamClosed() closed(_session: StreamSession): unknown {
          return fail();
        }
      }
      const { handlers } = await (await bootEndpoints({ providers: [FailingEndpoint] })).bind('failing');
      await expect(Promise.resolve(handlers.closed(closedByClient))).resolves.toBeUndefined();
    }
  });
});

describe('Access', () => {
  @StreamEndpoint('private', { requireLogin: true })
  class PrivateEndpoint {
    @OnStreamMessage(Note) note(_session: StreamSession, _message: Note): unknown {
      return 'ok';
    }
  }
  @StreamEndpoint('admin', { requiredScopes: ['read', 'write'] })
  class AdminEndpoint {}

  it('is refused with UNAUTHENTICATED to anonymous clients', async () => {
    const app = await bootEndpoints({ providers: [PrivateEndpoint, AdminEndpoint] });
    for (const name of ['private', 'admin']) {
      const { handlers } = await app.bind(name);
      expect(() => handlers.opened()).toThrow(expect.objectContaining({ code: 'UNAUTHENTICATED' }));
      expect(() => handlers.authorize()).toThrow(expect.objectContaining({ code: 'UNAUTHENTICATED' }));
      expect(() => handlers.handle('pipeline.note', note)).toThrow(
        expect.objectContaining({ code: 'UNAUTHENTICATED' }),
      );
    }
  });

  it('needs all scopes', async () => {
    const app = await bootEndpoints({ providers: [PrivateEndpoint, AdminEndpoint] });
    const { handlers: some } = await app.bind('admin', { id: 'a', scopes: ['read'] });
    expect(() => some.opened()).toThrow(expect.objectContaining({ code: 'FORBIDDEN' }));
    const { handlers: all } = await app.bind('admin', { id: 'a', scopes: ['write', 'read', 'more'] });
    expect(all.opened()).toBeUndefined();
    const { handlers: user } = await app.bind('private', { id: 'a' });
    expect(user.handle('pipeline.note', note)).toBe('ok');
  });
});

describe('A Nest of another shape', () => {
  it('is served by its public function', async () => {
    @UseGuards(AllowGuard)
    @StreamEndpoint('public')
    class PublicEndpoint {
      @OnStreamOpened() opened(session: StreamSession): unknown {
        return session.endpoint;
      }
      @UseInterceptors(TraceInterceptor)
      @UsePipes(ShoutPipe)
      @OnStreamMessage(Note)
      note(
        session: StreamSession<Note>,
        message: Note,
        @Who() who: string,
        @StreamMessageId() id?: string,
      ): unknown {
        return [session.endpoint, message.text, who, id];
      }
    }
    const { module } = await bootEndpoints({ providers: [PublicEndpoint, Journal] });
    const external = module.get(ExternalContextCreator, { strict: false });
    const nest = new NestCompat({ create: external.create.bind(external) } as never);
    expect(nest.hasCreators).toBe(false);
    completeRouteArguments(PublicEndpoint, 'note');
    completeRouteArguments(PublicEndpoint, 'opened');
    const [definition] = await module.get(EndpointExplorer).explore();
    const tools = {
      nest,
      scopes: module.get(SessionScopes),
      readers: new MessageReaders(declaredClassOf as never),
    };
    const handlers = await new BoundEndpoint(tools, definition!).bind(sessionOf('public', { id: 'alice' }));
    expect(await handlers.opened()).toBe('public');
    await handlers.authorize();
    const id = expect.stringMatching(/^[\w-]{22}\.7$/);
    expect(await handlers.handle('pipeline.note', note, 7)).toEqual(['public', 'HELLO', 'alice', id]);
    const guard = 'allow:journal:ws:stream.opened:';
    expect(log).toEqual([
      `${guard}opened`,
      `${guard}`,
      'allow:journal:ws:pipeline.note:note',
      'before:note',
      'after',
    ]);
  });
});
