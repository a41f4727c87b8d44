// A recipe of docs/recipes.md; run by composition.spec.ts.
import { Injectable, type ExecutionContext } from '@nestjs/common';
import { create, StreamMessage } from '@nestwire/protocol';
import {
  OnStreamMessage,
  StreamCall,
  StreamEndpoint,
  StreamMethod,
  StreamSession,
  type StreamsOf,
} from '@nestwire/streams';
import { ClsModule, ClsService, type ClsStore } from 'nestjs-cls';

@StreamMessage('tenants.which')
export class Which {
  declare readonly $type: 'tenants.which';
}

@StreamMessage('tenants.this')
export class This {
  declare readonly $type: 'tenants.this';
  tenant = '';
  requestId = '';
}

// #region server
interface AppStore extends ClsStore {
  tenant: string;
}

/** A service that does not know streams; it could also run in a controller. */
@Injectable()
export class Tenants {
  constructor(private readonly cls: ClsService<AppStore>) {}

  async current(): Promise<{ tenant: string; requestId: string }> {
    // The context survives the asynchronous work of the handler.
    await new Promise((resolve) => setImmediate(resolve));
    return { tenant: this.cls.get('tenant'), requestId: this.cls.getId() };
  }
}

@StreamEndpoint('tenants')
export class TenantsEndpoint {
  constructor(private readonly tenants: Tenants) {}

  @OnStreamMessage(Which)
  async which(_session: StreamSession, _message: Which): Promise<This> {
    return create(This, await this.tenants.current());
  }

  @StreamMethod(Which)
  async current(_call: StreamCall, _request: Which): Promise<This> {
    return create(This, await this.tenants.current());
  }
}

export const imports = [
  ClsModule.forRoot({
    global: true,
    // Not `guard`: its context would continue in the next message of the connection.
    interceptor: {
      mount: true,
      generateId: true,
      setup: (cls, context: ExecutionContext) => {
        const { user } = context.switchToWs().getClient<StreamSession<never, { id: string } | null>>();
        cls.set('tenant', user ? `tenant of ${user.id}` : 'public');
      },
    },
  }),
];
export const providers = [TenantsEndpoint, Tenants];
// #endregion server

export type TenantStreams = StreamsOf<{ tenants: TenantsEndpoint }>;
