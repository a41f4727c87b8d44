import { messageNameOf, type MessageClass } from '@nestwire/protocol';
import { resolveOptions } from './client-options.js';
import { ClientConnection } from './connection/client-connection.js';
import { ClientEndpoint } from './endpoint/client-endpoint.js';
import { MessageClasses } from './endpoint/message-classes.js';
import { addListener } from './listeners.js';
import { isMember } from './member-names.js';
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
    const resolved = resolveOptions(options);
    const messages = new MessageClasses(classes, resolved.codec.natives);
    const connection = new ClientConnection(resolved, (name, on) => new ClientEndpoint(name, messages, on));
    options.positions?.attach(connection);
    options.outbox?.attach(connection, classes);
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
      addContractListener: (listener: () => void) =>
        addListener(connection.contractListeners, () => listener()),
    };
    return new Proxy(members, {
      get: (_, key) =>
        key in members || !isMember(key)
          ? members[key as keyof AnyStreamClient]
          : connection.streamOf(key).handle,
    }) as StreamClient<S>;
  };
}
