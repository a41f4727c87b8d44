import type {
  AnyStreamClient,
  ClientMethods,
  ConnectionStatus,
  EndpointStream,
  StreamClient,
} from '@nestwire/client';
import type { Message } from '@nestwire/protocol';
import { awaitWithin, type WaitOptions } from './deadline.js';
import { TestEndpoint } from './test-endpoint.js';

type TestEndpointOf<T> = T extends { readonly in: infer In; readonly out: infer Out extends Message }
  ? TestEndpoint<In, Out, T extends { readonly requests: infer Requests } ? Requests : never> &
      (T extends { readonly methods: infer Methods } ? ClientMethods<Methods> : unknown)
  : never;

/**
 * A client with endpoints for tests.
 *
 * Stream methods stay as they are. An endpoint with parameters is a function of them, as in the client.
 */
export type TestClient<S> = AnyStreamClient & {
  readonly [K in keyof S]: S[K] extends { readonly params: infer Params }
    ? [Params] extends [never]
      ? TestEndpointOf<S[K]>
      : (params: { readonly [P in keyof Params]: Params[P] }) => TestEndpointOf<S[K]>
    : TestEndpointOf<S[K]>;
};

type AnyEndpoint = EndpointStream<never, Message> & ((params: object) => AnyEndpoint);

/** Wraps a client so that its endpoints have the members for tests. */
export function testClient<S>(client: StreamClient<S>): TestClient<S> {
  const wrapped = new WeakMap<object, object>();
  const wrap = (name: string, endpoint: AnyEndpoint): object => {
    const known = wrapped.get(endpoint) ?? testEndpoint(name, endpoint, wrap);
    wrapped.set(endpoint, known);
    return known;
  };
  // The proxy replaces the endpoints, which the type of the client cannot express.
  return new Proxy(client, {
    get(target, key) {
      const member: unknown = Reflect.get(target, key);
      const isEndpoint = typeof key === 'string' && !(key in target) && typeof member === 'function';
      return isEndpoint ? wrap(key, member as AnyEndpoint) : member;
    },
  }) as unknown as TestClient<S>;
}

/** Adds the members for tests to an endpoint; they win over its stream methods. */
function testEndpoint(
  name: string,
  endpoint: AnyEndpoint,
  wrap: (name: string, endpoint: AnyEndpoint) => object,
): object {
  const forTests = new TestEndpoint<never, Message>(name, endpoint);
  return new Proxy(endpoint, {
    get(target, key) {
      if (!(key in forTests)) return Reflect.get(target, key) as unknown;
      const member: unknown = Reflect.get(forTests, key);
      return typeof member === 'function' ? (member.bind(forTests) as unknown) : member;
    },
    apply: (target, _this, [params]: [object]) => wrap(name, target(params)),
  });
}

/** Waits for a kind of connection status; returns the status. */
export async function reached<K extends ConnectionStatus['kind']>(
  client: AnyStreamClient,
  kind: K,
  options: WaitOptions = {},
): Promise<Extract<ConnectionStatus, { kind: K }>> {
  let stop = () => {};
  const changed = new Promise<ConnectionStatus>((resolve) => {
    const look = (status: ConnectionStatus) => status.kind === kind && resolve(status);
    stop = client.addConnectionStatusListener(look);
    look(client.connectionStatus);
  });
  const describe = () => `The connection is not ${kind} but ${JSON.stringify(client.connectionStatus)}.`;
  try {
    return (await awaitWithin(changed, options, describe)) as Extract<ConnectionStatus, { kind: K }>;
  } finally {
    stop();
  }
}
