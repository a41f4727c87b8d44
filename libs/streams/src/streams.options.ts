import type { InjectionToken, ModuleMetadata, Type } from '@nestjs/common';
import type { MessagesModuleOptions } from '@nestwire/messages';
import type { CodecOption } from '@nestwire/protocol';
import type { ResumeOptions } from './subscriptions/client-channels.js';
import type { HeartbeatOptions } from './connection/connection-context.js';
import type { StreamAuthenticator } from './auth/stream-authenticator.js';
import type { StreamsLimits } from './streams-limits.js';
import type { TrustProxy } from './transport/client-address.js';
import type { AllowedOrigins } from './transport/origin-policy.js';
import type { Compression } from './transport/ws-server.js';

/** How a shutdown treats its clients. */
export interface ShutdownOptions {
  /**
   * Time over which clients are asked to spread their coming back, in milliseconds.
   *
   * @default 5_000
   */
  readonly spreadMs: number;
  /**
   * Time that clients get to leave and running handlers to finish, in milliseconds.
   *
   * @default 10_000
   */
  readonly deadlineMs: number;
  /**
   * When the HTTP server stops listening: before the clients are drained, or after it.
   *
   * `first` frees the port at once, so that the next process can start while this one drains. `last` answers
   * readiness probes and HTTP requests until all clients have left.
   *
   * @default 'last' where NODE_ENV is 'production', else 'first'
   */
  readonly closeListener: 'first' | 'last';
}

/** Everything about streams that can be decided at run time. */
export interface StreamsOptions {
  /**
   * The path of the WebSocket, compared whole.
   *
   * @default '/streams'
   */
  readonly path?: string;
  /**
   * Carries channels between processes: a Redis URL, ioredis options, or a client.
   *
   * Without it channels stay in this process.
   */
  readonly redis?: MessagesModuleOptions['redis'];
  /** Everything else about channels; see `MessagesModule`. */
  readonly messages?: Omit<MessagesModuleOptions, 'redis'>;
  /**
   * Pages that may connect beside those of the server's own scheme and host.
   *
   * `'*'` allows all pages; it is refused together with `cookie`.
   *
   * @default []
   */
  readonly origins?: AllowedOrigins;
  /**
   * Values of `Host` that the server answers to, with or without a port; others get HTTP 421.
   *
   * Without it any `Host` is the server's own, so that a page whose name resolves to this server
   * (DNS rebinding) counts as its own page.
   */
  readonly hosts?: readonly string[];
  /** The cookie that holds the credential, where one does; none by default. */
  readonly cookie?: string;
  /**
   * Proxies whose `X-Forwarded-For` and `X-Forwarded-Proto` are believed: how many, or which.
   *
   * @default false
   */
  readonly trustProxy?: TrustProxy;
  /**
   * How frames may be written beside JSON, such as `messagePack` of `@nestwire/protocol/message-pack`.
   *
   * @default []
   */
  readonly codecs?: readonly CodecOption[];
  /**
   * permessage-deflate: for what clients send, or for both ways.
   *
   * Inbound costs up to 220 KiB a connection. Outbound messages from 1 KiB on are compressed, those
   * that go to several clients once for all of them.
   *
   * @default 'off'
   */
  readonly compression?: Compression;
  /** Signs of life; 25 s and 10 s by default. */
  readonly heartbeat?: Partial<HeartbeatOptions>;
  /**
   * The longest time between two questions to the authenticator about an open connection, in
   * milliseconds; 0 asks only once. It bounds the time of `StreamsService.revoke` during an outage.
   *
   * @default 300_000
   */
  readonly recheckMs?: number;
  /** Bounds that differ from their defaults. */
  readonly limits?: Partial<StreamsLimits>;
  /** How clients get back what flowed to them before. */
  readonly resume?: Partial<ResumeOptions>;
  /** How a shutdown treats its clients. */
  readonly shutdown?: Partial<ShutdownOptions>;
}

/** What the module is built with: known before the application starts. */
export interface StreamsModuleExtras {
  /** Tells who a connection belongs to; without one, every connection is anonymous. */
  readonly authenticator?: Type<StreamAuthenticator>;
  /** Modules that give the authenticator what it injects. */
  readonly imports?: ModuleMetadata['imports'];
  /**
   * Whether `MessagesService` and `StreamsService` can be injected everywhere.
   *
   * @default true
   */
  readonly isGlobal?: boolean;
}

/** The options of `StreamsModule.forRoot()`. */
export type StreamsModuleOptions = StreamsOptions & StreamsModuleExtras;

/** Makes the options of the module, for `useClass` and `useExisting`. */
export interface StreamsOptionsFactory {
  /** Returns the options; called once, when the application starts. */
  createStreamsOptions(): StreamsOptions | Promise<StreamsOptions>;
}

/** The options of `StreamsModule.forRootAsync()`: one of three ways to make them. */
export interface StreamsModuleAsyncOptions extends StreamsModuleExtras {
  /** Makes the options that are decided at run time. */
  readonly useFactory?: (...args: never[]) => StreamsOptions | Promise<StreamsOptions>;
  /** The providers that `useFactory` takes, in order. */
  readonly inject?: readonly unknown[];
  /** A class that makes the options; the module creates it and injects from `imports`. */
  readonly useClass?: Type<StreamsOptionsFactory>;
  /** A provider of `imports` that makes the options. */
  readonly useExisting?: InjectionToken<StreamsOptionsFactory>;
}

/** The token of the resolved `StreamsOptions`. */
export const STREAMS_OPTIONS = Symbol('nestwire.streams.options');
