import type { AnyStreamClient, ConnectionStatus, EndpointStream, StreamClient } from '@nestwire/client';
import type { Message } from '@nestwire/protocol';
import { withinDeadline, type WaitOptions } from './deadline.js';
import { TestEndpoint } from './test-endpoint.js';

/** A client with endpoints for tests. */
export type TestClient<S> = AnyStreamClient & {
  readonly [K in keyof S]: S[K] extends { readonly in: infer In; readonly out: infer Out extends Message }
    ? TestEndpoint<In, Out>
    : never;
};

/** Wraps a client so that its endpoints have the members for tests. */
export function testClient<S>(client: StreamClient<S>): TestClient<S> {
  const endpoints = new Map<string, TestEndpoint<never, Message>>();
  const endpointOf = (name: string, endpoint: EndpointStream<never, Message>) => {
    const known = endpoints.get(name) ?? new TestEndpoint(name, endpoint);
    endpoints.set(name, known);
    return known;
  };
  // The proxy replaces the endpoints, which the type of the client cannot express.
  return new Proxy(client, {
    get(target, key) {
      const member: unknown = Reflect.get(target, key);
      const isEndpoint = typeof key === 'string' && !(key in target) && typeof member === 'object';
      return isEndpoint ? endpointOf(key, member as EndpointStream<never, Message>) : member;
    },
  }) as unknown as TestClient<S>;
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
    return (await withinDeadline(changed, options, describe)) as Extract<ConnectionStatus, { kind: K }>;
  } finally {
    stop();
  }
}
