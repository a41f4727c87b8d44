import type { InjectionToken, ModuleMetadata, Type } from '@nestjs/common';
import type { MessagesModuleOptions } from '@nestwire/messages';
import type { CodecOption, UnknownProperties } from '@nestwire/protocol';
import type { ResumeOptions } from './subscriptions/client-channels.js';
import type { HeartbeatOptions } from './connection/connection-context.js';
import type { StreamAuthenticator } from './auth/stream-authenticator.js';
import type { StreamsLimits } from './streams-limits.js';
import type { TrustProxy } from './transport/client-address.js';
import type { AllowedOrigins } from './transport/origin-policy.js';
import type { Compression } from './transport/ws-server.js';

/** The options of the shutdown. */
export interface ShutdownOptions {
  /**
   * The time over which clients spread their reconnects, in milliseconds.
   *
   * @default 5_000
   */
  readonly spreadMs: number;
  /**
   * The time in which clients leave and running handlers finish, in milliseconds.
   *
   * @default 10_000
   */
  readonly deadlineMs: number;
  /**
   * The order of the shutdown: the HTTP server stops listening first or last.
   *
   * `first` frees the port at once, so that the next process can start while this one drains. `last` answers
   * readiness probes and HTTP requests until all clients have left.
   *
   * @default 'last' if NODE_ENV is 'production', else 'first'
   */
  readonly closeListener: 'first' | 'last';
}

/** The options of streams that a factory can create at run time. */
export interface StreamsOptions {
  /**
   * The exact path of the WebSocket.
   *
   * @default '/streams'
   */
  readonly path?: string;
  /**
   * The Redis that connects the processes: a URL, ioredis options, or a client.
   *
   * Without it channels stay in this process.
   */
  readonly redis?: MessagesModuleOptions['redis'];
  /** All other options of channels; see `MessagesModule`. */
  readonly messages?: Omit<MessagesModuleOptions, 'redis'>;
  /**
   * The origins of pages that may connect, besides the server's own scheme and host.
   *
   * `'*'` allows all pages; it is refused together with `cookie`.
   *
   * @default []
   */
  readonly origins?: AllowedOrigins;
  /**
   * The accepted values of `Host`, with or without a port; others get HTTP 421.
   *
   * Without it any `Host` is the server's own. A page whose name resolves to this server (DNS rebinding) then
   * counts as its own page.
   */
  readonly hosts?: readonly string[];
  /** The name of the cookie with the credential; none by default. */
  readonly cookie?: string;
  /**
   * The proxies whose `X-Forwarded-For` and `X-Forwarded-Proto` are trusted.
   *
   * Give their number or their addresses.
   *
   * @default false
   */
  readonly trustProxy?: TrustProxy;
  /**
   * The codecs besides JSON, such as `messagePack` of `@nestwire/protocol/message-pack`.
   *
   * @default []
   */
  readonly codecs?: readonly CodecOption[];
  /**
   * The use of permessage-deflate: inbound only, or in both directions.
   *
   * Inbound compression costs up to 220 KiB per connection. Outbound messages of 1 KiB or more are compressed,
   * once for all receivers.
   *
   * @default 'off'
   */
  readonly compression?: Compression;
  /** The heartbeat; 25 s and 10 s by default. */
  readonly heartbeat?: Partial<HeartbeatOptions>;
  /**
   * The maximum time between two rechecks of an open connection, in milliseconds.
   *
   * The authenticator is asked again; 0 disables that. It limits the time of `StreamsService.revoke` during an
   * outage.
   *
   * @default 300_000
   */
  readonly recheckMs?: number;
  /**
   * The treatment of properties of a client's message that its class lacks; a class may have its own option.
   *
   * `'strip'` removes them, so that clients may be newer than the server.
   *
   * @default 'refuse'
   */
  readonly unknownProperties?: UnknownProperties;
  /** The limits that differ from their defaults. */
  readonly limits?: Partial<StreamsLimits>;
  /** The options for clients that resume their channels. */
  readonly resume?: Partial<ResumeOptions>;
  /** The options of the shutdown. */
  readonly shutdown?: Partial<ShutdownOptions>;
}

/** The options that must be known before the application starts. */
export interface StreamsModuleExtras {
  /** Determines the user of a connection; without one, every connection is anonymous. */
  readonly authenticator?: Type<StreamAuthenticator>;
  /** The modules that export the dependencies of the authenticator. */
  readonly imports?: ModuleMetadata['imports'];
  /**
   * Makes `MessagesService` and `StreamsService` injectable in every module.
   *
   * @default true
   */
  readonly isGlobal?: boolean;
}

/** The options of `StreamsModule.forRoot()`. */
export type StreamsModuleOptions = StreamsOptions & StreamsModuleExtras;

/** Creates the options of the module, for `useClass` and `useExisting`. */
export interface StreamsOptionsFactory {
  /** Returns the options; called once, when the application starts. */
  createStreamsOptions(): StreamsOptions | Promise<StreamsOptions>;
}

/** The options of `StreamsModule.forRootAsync()`: one of three sources. */
export interface StreamsModuleAsyncOptions extends StreamsModuleExtras {
  /** Creates the options at run time. */
  readonly useFactory?: (...args: never[]) => StreamsOptions | Promise<StreamsOptions>;
  /** The arguments of `useFactory`, in order. */
  readonly inject?: readonly unknown[];
  /** A class that creates the options; the module instantiates it with `imports`. */
  readonly useClass?: Type<StreamsOptionsFactory>;
  /** A provider of `imports` that creates the options. */
  readonly useExisting?: InjectionToken<StreamsOptionsFactory>;
}

/** The token of the resolved `StreamsOptions`. */
export const STREAMS_OPTIONS = Symbol('nestwire.streams.options');
