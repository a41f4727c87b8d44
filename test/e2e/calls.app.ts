import {
  BadRequestException,
  Catch,
  createParamDecorator,
  ForbiddenException,
  Injectable,
  Module,
  UseFilters,
  UseGuards,
  UseInterceptors,
  UsePipes,
  type ArgumentMetadata,
  type ArgumentsHost,
  type CallHandler,
  type CanActivate,
  type ExceptionFilter,
  type ExecutionContext,
  type NestInterceptor,
  type PipeTransform,
} from '@nestjs/common';
import { IsInt, IsString, MaxLength } from 'class-validator';
import { concat, from, map, NEVER, Observable, of, throwError } from 'rxjs';
import { CodedError, create, StreamMessage } from '@nestwire/protocol';
import {
  CallItems,
  OnStreamOpened,
  StreamAuthenticator,
  StreamCall,
  StreamEndpoint,
  StreamMessageId,
  StreamMethod,
  StreamSession,
  type StreamHandshake,
  type StreamUser,
} from '@nestwire/streams';
import { Latch, startApp, type AppParts, type RunningApp } from './start-app.js';

@StreamMessage('calls.ask')
export class Ask {
  declare readonly $type: 'calls.ask';
  @IsInt() count!: number;
}

@StreamMessage('calls.part')
export class Part {
  declare readonly $type: 'calls.part';
  @IsString() @MaxLength(60_000) text!: string;
}

@StreamMessage('calls.sum')
export class Sum {
  declare readonly $type: 'calls.sum';
  @IsInt() count!: number;
  @IsString() text = '';
}

export class Plain {
  count = 1;
}

/** Notes what the methods saw, and lets a test hold them. */
@Injectable()
export class Lab {
  readonly log: string[] = [];
  readonly latch = new Latch();
  readonly opening = new Latch();
  readonly calls: StreamCall[] = [];
  pulled = 0;
  /** The number of tokens that the generators may yield. */
  allowed = 0;
  private waiting: Array<() => void> = [];

  allow(count: number): void {
    this.allowed = count;
    for (const resolve of this.waiting.splice(0)) resolve();
  }

  async allows(count: number, signal: AbortSignal): Promise<void> {
    while (count > this.allowed && !signal.aborted)
      await new Promise<void>((resolve) => {
        this.waiting.push(resolve);
        signal.addEventListener('abort', () => resolve(), { once: true });
      });
  }
}

@Module({ providers: [Lab], exports: [Lab] })
class LabModule {}

@Injectable()
class Users extends StreamAuthenticator {
  authenticate({ token }: StreamHandshake): Promise<StreamUser | null> {
    return Promise.resolve(token === null ? null : { id: token });
  }
}

@Injectable()
class Only implements CanActivate {
  canActivate(context: ExecutionContext): boolean {
    const session = context.switchToWs().getClient<StreamSession>();
    const request = context.switchToWs().getData<Ask>();
    if (context.getType() !== 'ws' || !(session instanceof StreamSession)) throw new Error('no session');
    return request.count !== 13;
  }
}

@Injectable()
class Doubled implements PipeTransform {
  transform(value: unknown, { type }: ArgumentMetadata): unknown {
    return type === 'body' ? create(Ask, { count: (value as Ask).count * 2 }) : value;
  }
}

@Injectable()
class Marked implements NestInterceptor {
  intercept(_: ExecutionContext, next: CallHandler): Observable<unknown> {
    return next.handle().pipe(map((sum: Sum) => create(Sum, { count: sum.count, text: `${sum.text}!` })));
  }
}

@Catch(TypeError)
class Softened implements ExceptionFilter {
  catch(error: Error, host: ArgumentsHost): Error {
    return new CodedError('SOFT', `${error.message} in ${host.getType()}`);
  }
}

const UserName = createParamDecorator(
  (_: unknown, context: ExecutionContext) =>
    context.switchToWs().getClient<StreamSession<never, StreamUser | null>>().user?.id ?? 'nobody',
);

@StreamEndpoint('lab')
export class LabEndpoint {
  constructor(private readonly lab: Lab) {}

  @OnStreamOpened()
  async opened(session: StreamSession<never, StreamUser | null>): Promise<void> {
    if (session.user?.id === 'late') await this.lab.opening.pass();
    if (session.user?.id === 'refused') throw new ForbiddenException('not you');
  }

  @StreamMethod(Ask)
  add(call: StreamCall, { count }: Ask): Sum {
    this.lab.calls.push(call);
    return create(Sum, { count: count + 1 });
  }

  @StreamMethod(Ask)
  nothing(_call: StreamCall, { count }: Ask): void {
    this.lab.log.push(`nothing ${count}`);
  }

  @StreamMethod(Ask)
  async wait(call: StreamCall, { count }: Ask): Promise<Sum> {
    this.lab.calls.push(call);
    this.lab.log.push(`wait ${count}`);
    await this.lab.latch.pass();
    this.lab.log.push(`waited ${count}`);
    return create(Sum, { count, text: String(call.signal.aborted) });
  }

  @StreamMethod(Ask)
  fail(_call: StreamCall, { count }: Ask): Sum {
    if (count === 1) throw new CodedError('SOLD_OUT', 'There are no seats left.');
    if (count === 2) throw new BadRequestException('not so');
    if (count === 3) return [] as unknown as Sum;
    if (count === 4) return new Plain() as unknown as Sum;
    throw new Error('secret');
  }

  @UseGuards(Only)
  @UsePipes(Doubled)
  @UseInterceptors(Marked)
  @UseFilters(Softened)
  @StreamMethod(Ask)
  enhanced(@UserName() name: string, _call: StreamCall, { count }: Ask, @StreamMessageId() id?: string): Sum {
    if (count === 8) throw new TypeError('eight');
    return create(Sum, { count, text: `${name} ${id === undefined ? 'without' : 'with'} id` });
  }

  @UseFilters(Softened)
  @StreamMethod(Ask)
  async *filtered(_call: StreamCall, { count }: Ask): AsyncGenerator<Part> {
    yield await Promise.resolve(create(Part, { text: '1' }));
    if (count) throw new TypeError('later');
  }

  @StreamMethod(Ask)
  async *parts(call: StreamCall, { count }: Ask): AsyncGenerator<Part> {
    this.lab.calls.push(call);
    try {
      for (let index = 1; index <= count; index++) {
        this.lab.pulled = index;
        yield await Promise.resolve(create(Part, { text: `${index}` }));
      }
      if (count === 3) throw new CodedError('SOLD_OUT', 'after three');
    } finally {
      this.lab.log.push('finally');
    }
  }

  @StreamMethod(Ask)
  async *large(_call: StreamCall, { count }: Ask): AsyncGenerator<Part> {
    for (let index = 1; index <= count; index++) {
      this.lab.pulled = index;
      yield await Promise.resolve(create(Part, { text: 'x'.repeat(50_000) }));
    }
  }

  @StreamMethod(Ask)
  async *held(call: StreamCall, _request: Ask): AsyncGenerator<Part> {
    this.lab.calls.push(call);
    try {
      yield await Promise.resolve(create(Part, { text: 'first' }));
      await this.lab.latch.pass();
      yield create(Part, { text: 'second' });
    } finally {
      this.lab.log.push('finally');
    }
  }

  @StreamMethod(Ask)
  observed(_call: StreamCall, { count }: Ask): Observable<Part> {
    const items = from(Array.from({ length: count }, (_item, at) => create(Part, { text: `${at + 1}` })));
    if (count === 2)
      return concat(
        items,
        throwError(() => new CodedError('SOLD_OUT', 'then')),
      );
    return count === 1 ? concat(of(create(Part, { text: '1' })), NEVER) : items;
  }

  @StreamMethod(Ask, { items: Part })
  async collect(call: StreamCall, { count }: Ask, parts: CallItems<Part>): Promise<Sum> {
    this.lab.calls.push(call);
    const texts: string[] = [];
    try {
      if (count === 9) await this.lab.latch.pass();
      for await (const { text } of parts) {
        texts.push(text);
        this.lab.log.push(`item ${text.slice(0, 8)}`);
        if (texts.length === count) break;
      }
    } catch (error) {
      this.lab.log.push(`failed ${(error as CodedError).code}`);
      throw error;
    }
    return create(Sum, { count: texts.length, text: texts.join('').slice(0, 100) });
  }

  @StreamMethod(Ask, { items: Part })
  async *echo(_call: StreamCall, _request: Ask, parts: CallItems<Part>): AsyncGenerator<Part> {
    for await (const part of parts) yield part;
  }

  @UseGuards(Only)
  @StreamMethod(Ask, { resumable: { forMs: 60_000, maxItems: 20 } })
  async *tokens(call: StreamCall, { count }: Ask): AsyncGenerator<Part> {
    this.lab.calls.push(call);
    this.lab.log.push(`begin ${count}`);
    try {
      for (let index = 1; index <= count; index++) {
        await this.lab.allows(index, call.signal);
        if (call.signal.aborted) return;
        this.lab.pulled = index;
        yield create(Part, { text: `${index}` });
      }
      if (count === 7) throw new CodedError('SOLD_OUT', 'after seven');
    } finally {
      this.lab.log.push('finally');
    }
  }

  @StreamMethod(Ask, { resumable: { forMs: 150 } })
  async *brief(call: StreamCall, { count }: Ask): AsyncGenerator<Part> {
    this.lab.calls.push(call);
    try {
      yield create(Part, { text: '1' });
      if (count > 1) await this.lab.allows(2, call.signal);
    } finally {
      this.lab.log.push('finally');
    }
  }

  @StreamMethod(Ask, { resumable: { forMs: 60_000 } })
  async later(_call: StreamCall, { count }: Ask): Promise<Sum> {
    this.lab.log.push(`later ${count}`);
    await this.lab.latch.pass();
    return create(Sum, { count });
  }

  @StreamMethod(Ask, { once: true })
  async charge(_call: StreamCall, { count }: Ask): Promise<Sum> {
    this.lab.log.push(`charge ${count}`);
    await this.lab.latch.pass();
    return create(Sum, { count });
  }
}

/** Starts an application with the endpoint of the tests. */
export function startLab(parts: AppParts = {}): Promise<RunningApp> {
  return startApp({
    ...parts,
    imports: [LabModule],
    providers: [LabEndpoint],
    options: { authenticator: Users, ...parts.options },
  });
}
