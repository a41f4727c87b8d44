import { messageNameOf, type Message, type MessageClass } from '@nestwire/protocol';
import { clientError } from './client-error.js';
import { resolveOptions } from './client-options.js';
import { Connection } from './connection/connection.js';
import { Endpoints } from './endpoint/endpoints.js';
import type {
  AnyStreamClient,
  CheckedStreams,
  MessagesOption,
  StreamClient,
  StreamClientOptions,
} from './stream-client.js';

/**
 * Makes a client for an application's streams.
 *
 * The types come from the server, the classes of the messages from the caller:
 * `createStreamClient<AppStreams>()({ url, messages: [ChatMessage] })`. Nothing is sent until
 * `connectWebSocket()`.
 *
 * @throws {CodedError} NOT_A_MESSAGE when a class is not marked, or two have one name
 */
export function createStreamClient<S extends CheckedStreams<S>>() {
  return <const C extends readonly MessageClass[]>(
    options: StreamClientOptions & MessagesOption<S, C>,
  ): StreamClient<S> => {
    const { messages, ...connecting } = options as unknown as StreamClientOptions & { messages: C };
    const connection = new Connection(resolveOptions(connecting));
    const endpoints = new Endpoints(connection, byName(messages));
    return new Proxy(membersOf(connection), {
      get: (members, key) =>
        typeof key === 'symbol' || key === 'then' || key in members
          ? Reflect.get(members, key)
          : endpoints.get(key).face,
    }) as unknown as StreamClient<S>;
  };
}

function membersOf(connection: Connection): AnyStreamClient {
  return {
    get connectionStatus() {
      return connection.status;
    },
    connectWebSocket: () => connection.connect(),
    authenticate: () => connection.authenticate(),
    close: () => connection.close(),
    addConnectionStatusListener: (listener) => connection.addStatusListener(listener),
  };
}

function byName(messages: readonly MessageClass[]): Map<string, MessageClass<Message>> {
  const classes = new Map<string, MessageClass>();
  for (const cls of messages) {
    const name = messageNameOf(cls);
    if (!name || (classes.has(name) && classes.get(name) !== cls))
      throw clientError('NOT_A_MESSAGE', `messages: ${cls.name} needs a @StreamMessage name of its own.`);
    classes.set(name, cls);
  }
  return classes;
}
