// A recipe of docs/recipes.md; run by composition.spec.ts.
import { Injectable, UseGuards, type ExecutionContext } from '@nestjs/common';
import { minutes, SkipThrottle, Throttle, ThrottlerGuard, ThrottlerModule } from '@nestjs/throttler';
import { create, StreamMessage } from '@nestwire/protocol';
import { OnStreamMessage, StreamCall, StreamEndpoint, StreamMethod, StreamSession } from '@nestwire/streams';
import { IsString } from 'class-validator';

@StreamMessage('search.find')
export class Find {
  declare readonly $type: 'search.find';
  @IsString() text!: string;
}

@StreamMessage('search.typed')
export class Typed {
  declare readonly $type: 'search.typed';
}

@StreamMessage('search.suggest')
export class Suggest {
  declare readonly $type: 'search.suggest';
  @IsString() text!: string;
}

@StreamMessage('search.suggestion')
export class Suggestion {
  declare readonly $type: 'search.suggestion';
  text = '';
}

// #region server
/** Counts the messages of a user, or of the address of an anonymous client. */
@Injectable()
export class StreamsThrottlerGuard extends ThrottlerGuard {
  protected override getRequestResponse(context: ExecutionContext) {
    const session = context.switchToWs().getClient<StreamSession<never, { id: string } | null>>();
    // A stream has no headers of a response.
    const header = (): void => undefined;
    return { req: { session, headers: session.handshake.headers }, res: { header } };
  }

  protected override async getTracker({ session }: Record<string, StreamSession>): Promise<string> {
    const { user, handshake } = session as StreamSession<never, { id: string } | null>;
    return user ? `user ${user.id}` : `address ${handshake.address}`;
  }
}

@StreamEndpoint('search')
@UseGuards(StreamsThrottlerGuard)
export class SearchEndpoint {
  readonly found: string[] = [];

  @Throttle({ default: { limit: 3, ttl: minutes(1) } })
  @OnStreamMessage(Find)
  find(_session: StreamSession, { text }: Find): void {
    this.found.push(text);
  }

  @Throttle({ default: { limit: 2, ttl: minutes(1) } })
  @StreamMethod(Suggest)
  suggest(_call: StreamCall, { text }: Suggest): Suggestion {
    return create(Suggestion, { text: `${text}?` });
  }

  @SkipThrottle()
  @OnStreamMessage(Typed)
  typed(_session: StreamSession, _message: Typed): void {
    this.found.push('typed');
  }
}

export const imports = [ThrottlerModule.forRoot([{ ttl: minutes(1), limit: 100 }])];
export const providers = [SearchEndpoint];
// #endregion server
