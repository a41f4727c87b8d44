import { messageNameOf, type MessageClass } from '@nestwire/protocol';
import { resolveOptions } from './client-options.js';
import { ClientConnection } from './connection/client-connection.js';
import { ClientEndpoint } from './endpoint/client-endpoint.js';
import { addListener } from './listeners.js';
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
 * The server provides the types, the caller the message classes: `createStreamClient<AppStreams>()({ url,
 * messages: [ChatMessage] })`. The client sends nothing before `connectWebSocket()`.
 */
export function createStreamClient<S extends CheckedStreams<S>>() {
  return <const C extends readonly MessageClass[]>(
    options: StreamClientOptions & MessagesOption<S, C>,
  ): StreamClient<S> => {
    // `MessagesOption` accepts classes with a name only.
    const classes = new Map(options.messages.map((cls) => [messageNameOf(cls)!, cls]));
    const connection = new ClientConnection(
      resolveOptions(options),
      (name, on) => new ClientEndpoint(name, classes, on),
    );
    // Streams that the page has not used yet also have positions, which the `hello` must contain.
    for (const [endpoint, channel, resumeToken, epoch, offset, id] of options.positions?.load() ?? [])
      connection
        .streamOf(endpoint)
        .received({ t: 'position', stream: endpoint, channel, resumeToken, position: [epoch, offset, id] });
    options.outbox?.attach(connection, classes);
    if (options.positions) connection.resumeName = options.positions.client ??= connection.client;
    const members: AnyStreamClient = {
      get connectionStatus() {
        return connection.status;
      },
      connectWebSocket: () => connection.connect(),
      authenticate: () => connection.authenticate(),
      idle: () => connection.idle(),
      close: () => connection.close().then(() => options.outbox?.close()),
      addConnectionStatusListener: (listener) =>
        addListener(connection.listeners, () => listener(connection.status)),
    };
    return new Proxy(members, {
      get: (_, key) =>
        typeof key === 'symbol' || key in members
          ? members[key as keyof AnyStreamClient]
          : connection.streamOf(key),
    }) as StreamClient<S>;
  };
}
