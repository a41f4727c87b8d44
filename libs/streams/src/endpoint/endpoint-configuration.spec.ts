import { Controller, Injectable, Module, Param, Query, type Provider, type Type } from '@nestjs/common';
import { defineMessage, StreamMessage } from '@nestwire/protocol';
import { Allow, IsBoolean, IsDate, IsIn, IsInt, IsOptional, IsString, ValidateNested } from 'class-validator';
import { Transform, Type as TypeOf } from 'class-transformer';
import * as v from 'valibot';
import { bootEndpoints } from '../../../../test/rig/bind-endpoint.js';
import { SessionScoped } from '../session/session-scoped.decorator.js';
import { SessionCloseReason } from '../session/session-close-reason.js';
import { StreamSession } from '../session/stream-session.js';
import { EndpointRegistry } from './endpoint-registry.js';
import { OnStreamClosed } from './on-stream-closed.decorator.js';
import { OnStreamMessage } from './on-stream-message.decorator.js';
import { OnStreamOpened } from './on-stream-opened.decorator.js';
import { StreamEndpoint } from './stream-endpoint.decorator.js';
import { StreamMessageId } from './stream-message-id.decorator.js';
import { StreamsConfigurationError } from './streams-configuration.error.js';
import { UserObject } from './user-object.decorator.js';

// oxlint-disable-next-line no-explicit-any -- the compiler refuses these mistakes, and JavaScript does not
type Loose = any;
const onMessage = OnStreamMessage as Loose as (...classes: unknown[]) => MethodDecorator;

@StreamMessage('config.ok')
class Ok {
  declare readonly $type: 'config.ok';
  @IsString() text!: string;
}

@SessionScoped()
class Cart {}

@Injectable()
class Shared {}

async function problemsOf(
  providers: Provider[],
  more: { controllers?: Type[]; imports?: Type[] } = {},
): Promise<readonly string[]> {
  const error: unknown = await bootEndpoints({ providers, ...more }).then(
    () => undefined,
    (thrown: unknown) => thrown,
  );
  if (error === undefined) return [];
  expect(error).toBeInstanceOf(StreamsConfigurationError);
  return (error as StreamsConfigurationError).problems;
}

/** Boots an endpoint whose only handler takes this message class. */
async function problemsOfMessage(cls: unknown): Promise<readonly string[]> {
  @StreamEndpoint('messages')
  class MessageEndpoint {
    @onMessage(cls) handle(_session: StreamSession, _message: unknown): void {}
  }
  return problemsOf([MessageEndpoint]);
}

describe('A configuration without mistakes', () => {
  it('starts, and the registry knows the endpoints', async () => {
    @StreamEndpoint('ok.one-2_x', { requiredScopes: ['a'], open: 'on-connect' })
    class OkEndpoint {
      @OnStreamOpened() opened(_session: StreamSession): void {}
      @OnStreamMessage(Ok) ok(_session: StreamSession, _message: Ok, @UserObject() _cart: Cart): void {}
      @OnStreamClosed() closed(_session: StreamSession, _reason: SessionCloseReason): void {}
      helper(): void {}
    }
    const { module } = await bootEndpoints({ providers: [OkEndpoint, Cart] });
    const registry = module.get(EndpointRegistry);
    expect(registry.get('other')).toBeUndefined();
    expect(registry.all().map(({ name, options }) => ({ name, options }))).toEqual([
      {
        name: 'ok.one-2_x',
        options: { requireLogin: true, requiredScopes: ['a'], open: 'on-connect', keepOnSignIn: false },
      },
    ]);
  });

  it('may provide the endpoint under another token, or an alias beside it', async () => {
    @StreamEndpoint('alias')
    class AliasEndpoint {}
    expect(await problemsOf([AliasEndpoint, { provide: 'ALIAS', useExisting: AliasEndpoint }])).toEqual([]);
    const app = await bootEndpoints({ providers: [{ provide: 'TOKEN', useClass: AliasEndpoint }] });
    expect((await app.bind('alias')).handlers).toBeDefined();
  });

  it('may replace the endpoint in a test by a value with its methods', async () => {
    @StreamEndpoint('replaced')
    class ReplacedEndpoint {
      @OnStreamMessage(Ok) ok(_session: StreamSession, _message: Ok): unknown {
        return 'real';
      }
    }
    const app = await bootEndpoints({ providers: [ReplacedEndpoint] }, (builder) =>
      builder.overrideProvider(ReplacedEndpoint).useValue({ ok: () => 'replaced' }),
    );
    expect((await app.bind('replaced')).handlers.handle('config.ok', { text: 'x' })).toBe('replaced');
    const broken = bootEndpoints({ providers: [ReplacedEndpoint] }, (builder) =>
      builder.overrideProvider(ReplacedEndpoint).useValue({}),
    );
    await expect(broken).rejects.toThrow('the value provided for ReplacedEndpoint has no such method');
  });
});

describe('StreamsConfigurationError', () => {
  it('reports all mistakes together', async () => {
    @StreamEndpoint('close')
    class First {
      @onMessage() nothing(_session: StreamSession): void {}
    }
    @StreamEndpoint('bad name')
    class Second {}
    const problems = await problemsOf([First, Second]);
    expect(problems).toHaveLength(3);
    expect(new StreamsConfigurationError(problems).message).toContain(
      '3 mistakes in the configuration of streams:\n  - ',
    );
    expect(new StreamsConfigurationError(['x'])).toMatchObject({
      code: 'STREAMS_CONFIGURATION',
      message: expect.stringContaining('1 mistake '),
    });
  });
});

describe('A name of an endpoint', () => {
  it.each([
    'connectWebSocket',
    'connectionStatus',
    'addConnectionStatusListener',
    'authenticate',
    'close',
    'then',
    'constructor',
    'toString',
    'asymmetricMatch',
    'nodeType',
    'inspect',
    'calls',
    'presence',
    'addContractListener',
  ])('may not be "%s", which means something on the client', async (name) => {
    @StreamEndpoint(name)
    class NamedEndpoint {}
    expect(await problemsOf([NamedEndpoint])).toEqual([
      expect.stringMatching(/^NamedEndpoint: the name .* reserved/),
    ]);
  });

  it.each(['', '1a', '_a', 'a b', 'ä', '$a', 'x'.repeat(129), undefined])('may not be %p', async (name) => {
    @StreamEndpoint(name as string)
    class NamedEndpoint {}
    expect(await problemsOf([NamedEndpoint])).toEqual([
      expect.stringContaining('is not a name for an endpoint'),
    ]);
  });

  it('may not be taken', async () => {
    @StreamEndpoint('same')
    class One {}
    @StreamEndpoint('same')
    class Two {}
    expect(await problemsOf([One, Two])).toEqual([
      expect.stringContaining('Two endpoints have the name "same": One in'),
    ]);
  });
});

describe('An endpoint', () => {
  @StreamEndpoint('placed')
  class PlacedEndpoint {}

  it('may not be provided by two modules', async () => {
    @Module({ providers: [PlacedEndpoint] })
    class A {}
    @Module({ providers: [PlacedEndpoint] })
    class B {}
    expect(await problemsOf([], { imports: [A, B] })).toEqual([
      'PlacedEndpoint (endpoint "placed") is provided 2 times, by A and B. Provide it in one module and export it from there.',
    ]);
  });

  it('may not be a controller', async () => {
    @Controller()
    @StreamEndpoint('http')
    class HttpEndpoint {}
    expect(await problemsOf([], { controllers: [HttpEndpoint] })).toEqual([
      expect.stringContaining('is listed under "controllers" of RootTestModule'),
    ]);
  });

  it('must be marked when it has handlers', async () => {
    @Injectable()
    class Forgotten {
      @OnStreamMessage(Ok) ok(_session: StreamSession, _message: Ok): void {}
    }
    expect(await problemsOf([Forgotten])).toEqual([
      expect.stringContaining('Forgotten.ok: it has a decorator of streams, but'),
    ]);
  });

  it('has at most one method for opening and one for closing', async () => {
    @StreamEndpoint('twice')
    class TwiceEndpoint {
      @OnStreamOpened() a(): void {}
      @OnStreamOpened() b(): void {}
      @OnStreamClosed() c(): void {}
      @OnStreamClosed() d(): void {}
    }
    expect(await problemsOf([TwiceEndpoint])).toEqual([
      expect.stringContaining('a and b both have @OnStreamOpened()'),
      expect.stringContaining('c and d both have @OnStreamClosed()'),
    ]);
  });

  it('has one handler for a message', async () => {
    @StreamEndpoint('both')
    class BothEndpoint {
      @OnStreamMessage(Ok) a(_session: StreamSession, _message: Ok): void {}
      @OnStreamMessage(Ok) b(_session: StreamSession, _message: Ok): void {}
    }
    expect(await problemsOf([BothEndpoint])).toEqual([
      expect.stringContaining('BothEndpoint.b: messages "config.ok" are handled by a already'),
    ]);
  });
});

describe('The parameters of an endpoint', () => {
  const onRoom = StreamEndpoint as Loose as (name: string, options: object) => ClassDecorator;

  /** Boots an endpoint with a class of parameters. */
  async function problemsOfParams(params: unknown, options: object = {}): Promise<readonly string[]> {
    @onRoom('room', { ...options, params })
    class RoomEndpoint {}
    return problemsOf([RoomEndpoint]);
  }

  it('may be texts, numbers and booleans, also optional ones', async () => {
    class Fine {
      @IsString() roomId!: string;
      @IsOptional() @IsInt() page?: number;
      @IsBoolean() isOpen!: boolean;
      @IsIn(['a', 1]) either!: 'a' | 1;
    }
    expect(await problemsOfParams(Fine)).toEqual([]);
  });

  it('are a class with decorated properties', async () => {
    class Bare {
      roomId!: string;
    }
    class Picky {
      @IsString() readonly roomId!: string;
      constructor(from: { id: string }) {
        this.roomId = from.id;
      }
    }
    expect(await problemsOfParams('lobby')).toEqual([expect.stringContaining('is lobby instead of a class')]);
    expect(await problemsOfParams(Bare)).toEqual(
      expect.arrayContaining([expect.stringContaining('Bare: it has no property with a class-validator')]),
    );
    expect(await problemsOfParams(Picky)).toEqual([
      expect.stringContaining('Picky: its constructor cannot run without arguments'),
    ]);
    const Schema = defineMessage('config.params', v.object({ roomId: v.string() }));
    expect(await problemsOfParams(Schema)).toEqual([expect.stringContaining('is a message of a schema')]);
  });

  it('have no initial values, transforms or nested values', async () => {
    class Initial {
      @IsString() roomId = 'lobby';
    }
    class Loosely {
      @IsString() roomId!: string;
      note: string | undefined = undefined;
    }
    class Transformed {
      @Transform(({ value }) => String(value)) @IsString() roomId!: string;
    }
    class Typed {
      @IsInt() @TypeOf(() => Number) page!: number;
    }
    class Nested {
      @ValidateNested() place!: Initial;
    }
    class Listed {
      @IsString({ each: true }) ids!: string[];
    }
    class Timed {
      @IsDate() since!: Date;
    }
    expect(await problemsOfParams(Initial)).toEqual([
      expect.stringContaining('Initial.roomId: it has an initial value'),
    ]);
    expect(await problemsOfParams(Loosely)).toEqual([
      expect.stringContaining('Loosely.note: it has no class-validator decorator'),
    ]);
    for (const cls of [Transformed, Typed])
      expect(await problemsOfParams(cls)).toEqual([
        expect.stringContaining(`${cls.name}: it has decorators of class-transformer`),
      ]);
    for (const [cls, name] of [
      [Nested, 'place'] as const,
      [Listed, 'ids'] as const,
      [Timed, 'since'] as const,
    ])
      expect(await problemsOfParams(cls)).toEqual([
        expect.stringContaining(`${cls.name}.${name}: a parameter is a string, a number or a boolean`),
      ]);
  });

  it('need a client that opens the stream', async () => {
    class Fine {
      @IsString() roomId!: string;
    }
    expect(await problemsOfParams(Fine, { open: 'on-connect' })).toEqual([
      expect.stringContaining(`"open" cannot be 'on-connect'`),
    ]);
    expect(await problemsOfParams(Fine, { keepOnSignIn: true })).toEqual([]);
  });
});

describe('A handler', () => {
  it('must name message classes', async () => {
    class Unmarked {}
    expect(await problemsOfMessage(Unmarked)).toEqual([
      expect.stringContaining("Unmarked is not a message. Put @StreamMessage('name')"),
    ]);
    expect(await problemsOfMessage(undefined)).toEqual([
      expect.stringContaining('given undefined instead of a class. If two files import each other'),
    ]);
  });

  it('does not count a message class whose base class alone is marked', async () => {
    class Derived extends Ok {}
    expect(await problemsOfMessage(Derived)).toEqual([expect.stringContaining('Derived is not a message')]);
  });

  it('must be decorated when its parameters are, and not be static', async () => {
    @StreamEndpoint('loose')
    class LooseEndpoint {
      forgotten(@UserObject() _cart: Cart): void {}
      @onMessage(Ok) static never(): void {}
    }
    expect(await problemsOf([LooseEndpoint, Cart])).toEqual([
      expect.stringContaining('LooseEndpoint.never: a handler cannot be static'),
      expect.stringContaining(
        'LooseEndpoint.forgotten: its parameters have decorators, but the method has none',
      ),
    ]);
  });

  it('takes nothing that a stream does not have', async () => {
    @StreamEndpoint('params')
    class ParamsEndpoint {
      @onMessage(Ok) a(_session: StreamSession, _message: Ok, _more: string): void {}
      @onMessage() b(@Param('id') _id: string, @Query() _query: string): void {}
      @((OnStreamOpened as Loose)()) c(_session: StreamSession, _message: Ok): void {}
    }
    expect(await problemsOf([ParamsEndpoint])).toEqual([
      expect.stringContaining('ParamsEndpoint.b: @OnStreamMessage() names no message class'),
      expect.stringContaining('ParamsEndpoint.a: parameter 3 has no decorator'),
      expect.stringContaining('ParamsEndpoint.b: parameter 1 has a decorator that means nothing in a stream'),
      expect.stringContaining('ParamsEndpoint.b: parameter 2 has a decorator that means nothing in a stream'),
      expect.stringContaining(
        'ParamsEndpoint.c: parameter 2 would be the message, but there is none when a stream opens',
      ),
    ]);
  });

  it('takes the id of a message only where there is a message', async () => {
    @StreamEndpoint('ids')
    class IdsEndpoint {
      @OnStreamMessage(Ok) ok(_session: StreamSession, _message: Ok, @StreamMessageId() _id?: string): void {}
      @OnStreamClosed()
      closed(_session: StreamSession, _reason: SessionCloseReason, @StreamMessageId() _id?: string): void {}
    }
    expect(await problemsOf([IdsEndpoint])).toEqual([
      expect.stringContaining('IdsEndpoint.closed: parameter 3 would be the id of the message'),
    ]);
    expect(() => StreamMessageId()(IdsEndpoint, undefined, 0)).toThrow(/belongs on a parameter of a handler/);
  });

  it('takes the session first', async () => {
    @StreamEndpoint('order')
    class OrderEndpoint {
      @OnStreamMessage(Ok) swapped(_message: Ok, _session: StreamSession): void {}
    }
    expect(await problemsOf([OrderEndpoint])).toEqual([
      expect.stringContaining('parameter 1 is a message where the session is expected'),
      expect.stringContaining('parameter 2 is a StreamSession where the message is expected'),
    ]);
  });
});

describe('@UserObject()', () => {
  async function problemsWith(
    cls: Type | undefined,
    providers: Provider[],
    imports: Type[] = [],
  ): Promise<readonly string[]> {
    @StreamEndpoint('objects')
    class ObjectsEndpoint {
      @onMessage(Ok) ok(_session: StreamSession, _message: Ok, @UserObject(cls) _object: object): void {}
    }
    return problemsOf([ObjectsEndpoint, ...providers], { imports });
  }

  it('asks for a class', async () => {
    expect(await problemsWith(undefined, [])).toEqual([
      expect.stringContaining('ObjectsEndpoint.ok: @UserObject() at parameter 3 has no class'),
    ]);
  });

  it('asks for one that is provided, once, for each session', async () => {
    @Module({ providers: [Cart] })
    class A {}
    @Module({ providers: [Cart] })
    class B {}
    expect(await problemsWith(Cart, [])).toEqual([
      expect.stringContaining('asks for Cart, which no module provides'),
    ]);
    expect(await problemsWith(Shared, [Shared])).toEqual([
      expect.stringContaining('asks for Shared, which is one for all sessions'),
    ]);
    expect(await problemsWith(Cart, [], [A, B])).toEqual([
      expect.stringContaining('asks for Cart, which A and B each provide'),
    ]);
    expect(await problemsWith(Cart, [Cart])).toEqual([]);
  });

  it('does not belong on a constructor', () => {
    expect(() => {
      class Wrong {
        constructor(@(UserObject(Cart) as ParameterDecorator) readonly cart: Cart) {}
      }
      return Wrong;
    }).toThrow('@UserObject() belongs on a parameter of a handler method.');
  });
});

describe('A message class', () => {
  it('has no name of this library', async () => {
    @StreamMessage('nestwire.call')
    class Call {
      declare readonly $type: 'nestwire.call';
    }
    expect(await problemsOfMessage(Call)).toEqual([
      'Call: names that begin with "nestwire." are reserved, and "nestwire.call" is one. Rename it.',
    ]);
  });

  it('has a name of its own', async () => {
    @StreamMessage('config.twice')
    class One {
      declare readonly $type: 'config.twice';
    }
    @StreamMessage('config.twice')
    class Two {
      declare readonly $type: 'config.twice';
    }
    expect([One, Two]).toHaveLength(2);
    expect(await problemsOfMessage(Two)).toEqual([
      'Two message classes have the name "config.twice": One and Two. Give each its own name in @StreamMessage().',
    ]);
  });

  it('refuses or strips unknown properties', async () => {
    @StreamMessage('config.policy', { unknownProperties: 'drop' as never })
    class Policy {
      declare readonly $type: 'config.policy';
    }
    expect(await problemsOfMessage(Policy)).toEqual([
      `"config.policy": "unknownProperties" must be 'refuse' or 'strip', got drop.`,
    ]);
  });

  it('declares its $type instead of having it as a field', async () => {
    @(StreamMessage('config.own') as Loose)
    class Own {
      readonly $type = 'config.own';
    }
    expect(await problemsOfMessage(Own)).toEqual([
      expect.stringContaining(`Write "declare readonly $type: 'config.own'"`),
    ]);
  });

  it('validates each of its fields, and those of nested classes', async () => {
    class Inner {
      @IsInt() good!: number;
      bad!: number;
    }
    @(StreamMessage('config.fields') as Loose)
    class Fields {
      one!: string;
      two = 2;
      @Allow() three!: unknown;
      @ValidateNested() @TypeOf(() => Inner) inner!: Inner;
    }
    expect(await problemsOfMessage(Fields)).toEqual([
      expect.stringContaining('Fields.one, two have no class-validator decorator'),
      expect.stringContaining('Inner.bad has no class-validator decorator'),
    ]);
  });

  it('has @Type() beside @ValidateNested()', async () => {
    class Inner {
      @IsInt() cents!: number;
    }
    @(StreamMessage('config.nested') as Loose)
    class Nested {
      @ValidateNested() inner!: Inner;
      @ValidateNested({ each: true }) items!: Inner[];
      @ValidateNested({ each: true }) @TypeOf(() => Inner) typed!: Inner[];
      @ValidateNested({ each: true }) @TypeOf(() => Inner) map!: Map<string, Inner>;
      @ValidateNested({ each: true }) @TypeOf(() => Inner) set!: Set<Inner>;
    }
    expect(await problemsOfMessage(Nested)).toEqual([
      expect.stringContaining('Nested.inner: @ValidateNested() without @Type()'),
      expect.stringContaining('Nested.items: @ValidateNested() without @Type()'),
    ]);
  });

  it('can be made without arguments', async () => {
    @(StreamMessage('config.arguments') as Loose)
    class Arguments {
      constructor(given: { text: string }) {
        this.text = given.text;
      }
      @IsString() text: string;
    }
    expect(await problemsOfMessage(Arguments)).toEqual([
      expect.stringContaining('its constructor cannot run without arguments'),
    ]);
  });

  it('may contain itself and have no fields at all', async () => {
    @(StreamMessage('config.tree') as Loose)
    class Tree {
      @ValidateNested({ each: true }) @TypeOf(() => Tree) children!: Tree[];
    }
    @(StreamMessage('config.none') as Loose)
    class None {}
    expect(await problemsOfMessage(Tree)).toEqual([]);
    expect(await problemsOfMessage(None)).toEqual([]);
  });
});
