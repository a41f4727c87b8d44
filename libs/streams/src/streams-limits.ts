/** The limits of one server process; each has a default. */
export interface StreamsLimits {
  /** Size of a frame from a client, compressed or not, in bytes. */
  readonly maxPayloadBytes: number;
  /** Size of a `hello`, and of the data that may arrive with the upgrade, in bytes. */
  readonly maxHelloBytes: number;
  /** Time from the upgrade to `hello`, in milliseconds. */
  readonly helloTimeoutMs: number;
  /** Time of one call of the authenticator, in milliseconds. */
  readonly authenticationTimeoutMs: number;
  /** Concurrent calls of the authenticator for clients. */
  readonly maxSignIns: number;
  /** The same for one address; more wait for their turn. */
  readonly maxSignInsPerAddress: number;
  /** Refused credentials of one address per minute; further ones are not tried. */
  readonly maxRefusedSignInsPerAddress: number;
  /** Frames of one connection that wait for a sign-in. */
  readonly maxEarlyFrames: number;
  /** Bytes of those frames. */
  readonly maxEarlyBytes: number;
  /** The same for all connections of one address, or of one user who signs in again. */
  readonly maxEarlyBytesPerAddress: number;
  /** The same for all connections of this process. */
  readonly maxEarlyBytesPerProcess: number;
  /** Age of an unfinished frame or fragmented message, in milliseconds. */
  readonly unfinishedMessageMs: number;
  /** Fragments of one message. */
  readonly maxFragments: number;
  /** Chunks of one unfinished message that the receiver keeps. */
  readonly maxBufferedChunks: number;
  /** Pongs that the client has not read yet. */
  readonly maxPendingPongs: number;
  /** Connections of this process. */
  readonly maxConnections: number;
  /** Connections of this process before their `welcome`. */
  readonly maxHandshakes: number;
  /** Connections of one address before their `welcome`. */
  readonly maxHandshakesPerAddress: number;
  /** Connections of one address without a user; an IPv6 address counts as its /64. */
  readonly maxConnectionsPerAddress: number;
  /** Connections of one user in this process. */
  readonly maxConnectionsPerUser: number;
  /** New connections of this process per second; bursts of twice that. */
  readonly connectsPerSecond: number;
  /** New connections of one address per second; bursts of twice that. */
  readonly connectsPerSecondPerAddress: number;
  /** Frames of one connection per second, control frames included; bursts of twice that. */
  readonly framesPerSecond: number;
  /** Items of one connection per second within the windows of their calls; bursts of twice that.

More items count as frames. */
  readonly itemsPerSecond: number;
  /** Bytes of one connection per second; bursts of twice that. */
  readonly bytesPerSecond: number;
  /** Time per second to refuse frames of one connection and to read costly ones, in milliseconds.

Bursts of twice that. */
  readonly frameWorkMsPerSecond: number;
  /** Bytes of answers to one connection that its own bytes have not paid for. */
  readonly answerBytes: number;
  /** Sign-ins and sign-outs on one open connection per second. */
  readonly signInsPerSecond: number;
  /** Sign-ins and sign-outs on one open connection in a burst. */
  readonly signInBurst: number;
  /** Refused credentials of one connection per minute; the last closes it. */
  readonly maxRefusedSignIns: number;
  /** Refused frames of one connection within 10 s, before it is closed. */
  readonly maxRefusals: number;
  /** Bad frames of one connection within a minute, before it is closed. */
  readonly maxBadFrames: number;
  /** Open streams of one connection. */
  readonly maxStreams: number;
  /** Calls of one stream that have not ended. */
  readonly maxCalls: number;
  /** Resumable calls that run on this process for one user, or for the anonymous clients of one address. */
  readonly maxResumableCalls: number;
  /** Items of one direction of a call that are not consumed. */
  readonly callWindow: number;
  /** Size of those items; one larger item may be alone. */
  readonly callWindowBytes: number;
  /** Items of an Observable that wait for the client; one more ends the call. */
  readonly maxObservedItems: number;
  /** Subscribed channels of one connection. */
  readonly maxSubscriptions: number;
  /** Messages of one stream without an answer. */
  readonly maxPendingMessages: number;
  /** Bytes of the messages of one connection that wait for their handlers. */
  readonly maxPendingBytes: number;
  /** Bytes of histories and snapshots per second; bursts of eight times that.

They count per user, and together for the anonymous clients of one address. */
  readonly historyBytesPerSecond: number;
  /** Concurrent reads of histories and snapshot calls of one connection. */
  readonly maxChannelReads: number;
  /** The same for one user, or the anonymous clients of one address; more wait for their turn. */
  readonly maxChannelReadsPerUser: number;
  /** Concurrent snapshot calls of this process. */
  readonly maxSnapshotCalls: number;
  /** Iterables and Observables of one session that send concurrently. */
  readonly maxResultStreams: number;
  /** Requests of one stream to its client without an answer. */
  readonly maxRequests: number;
  /** Requests of all streams of one connection to its client without an answer. */
  readonly maxRequestsPerConnection: number;
  /** Time for the reply to a request, unless it names its own, in milliseconds. */
  readonly requestTimeoutMs: number;
  /** Time in which a message may be sent again, in milliseconds; 0 disables it. */
  readonly resendWindowMs: number;
  /** Bytes of the remembered results of all clients. */
  readonly resendMemoryBytes: number;
  /** Time of a handler before the server answers for it, in milliseconds. */
  readonly handlerTimeoutMs: number;
  /** Outbound bytes of one connection above which senders wait and channel messages are dropped. */
  readonly outboundSoftBytes: number;
  /** Outbound bytes of one connection above which it is dropped. */
  readonly outboundHardBytes: number;
  /** Time that a connection may stay above the soft bound, in milliseconds. */
  readonly slowConsumerMs: number;
  /** Outbound bytes of all connections above which the largest is dropped. */
  readonly outboundProcessBytes: number;
  /** Time for the closing handshake, in milliseconds. */
  readonly closeTimeoutMs: number;
  /** Age at which a connection is asked to reconnect, plus or minus a tenth, in milliseconds. */
  readonly maxConnectionAgeMs: number;
  /** Time after a credential's `expiresAt` in which it can be renewed, in milliseconds. */
  readonly credentialGraceMs: number;
  /** Nesting of the JSON of a frame. */
  readonly maxJsonDepth: number;
  /** Objects, arrays and keys of a frame. */
  readonly maxJsonNodes: number;
  /** Keys of one object, entries of one Set or Map. */
  readonly maxJsonKeys: number;
  /** Items of all arrays of a frame, together. */
  readonly maxJsonItems: number;
}

const KIB = 1_024;
const MIB = 1_024 * KIB;
const SECOND = 1_000;
const DAY = 86_400 * SECOND;

/** The default of every limit. */
export const DEFAULT_LIMITS: StreamsLimits = {
  maxPayloadBytes: 64 * KIB,
  maxHelloBytes: 4 * KIB,
  helloTimeoutMs: 10 * SECOND,
  authenticationTimeoutMs: 5 * SECOND,
  maxSignIns: 64,
  maxSignInsPerAddress: 16,
  maxRefusedSignInsPerAddress: 30,
  maxEarlyFrames: 32,
  maxEarlyBytes: 64 * KIB,
  maxEarlyBytesPerAddress: MIB,
  maxEarlyBytesPerProcess: 16 * MIB,
  unfinishedMessageMs: 10 * SECOND,
  maxFragments: 64,
  maxBufferedChunks: 256,
  maxPendingPongs: 16,
  maxConnections: 10_000,
  maxHandshakes: 1_000,
  maxHandshakesPerAddress: 50,
  maxConnectionsPerAddress: 100,
  maxConnectionsPerUser: 20,
  connectsPerSecond: 200,
  connectsPerSecondPerAddress: 20,
  framesPerSecond: 200,
  itemsPerSecond: 2_000,
  bytesPerSecond: MIB,
  frameWorkMsPerSecond: 50,
  answerBytes: 64 * KIB,
  signInsPerSecond: 1,
  signInBurst: 10,
  maxRefusedSignIns: 5,
  maxRefusals: 200,
  maxBadFrames: 3,
  maxStreams: 64,
  maxCalls: 32,
  maxResumableCalls: 64,
  callWindow: 64,
  callWindowBytes: 256 * KIB,
  maxObservedItems: 1_000,
  maxSubscriptions: 128,
  maxPendingMessages: 32,
  maxPendingBytes: MIB,
  historyBytesPerSecond: MIB,
  maxChannelReads: 16,
  maxChannelReadsPerUser: 32,
  maxSnapshotCalls: 64,
  maxResultStreams: 64,
  maxRequests: 32,
  maxRequestsPerConnection: 128,
  requestTimeoutMs: 30 * SECOND,
  resendWindowMs: 120 * SECOND,
  resendMemoryBytes: 16 * MIB,
  handlerTimeoutMs: 30 * SECOND,
  outboundSoftBytes: 256 * KIB,
  outboundHardBytes: MIB,
  slowConsumerMs: 10 * SECOND,
  outboundProcessBytes: 256 * MIB,
  closeTimeoutMs: 5 * SECOND,
  maxConnectionAgeMs: DAY,
  credentialGraceMs: 25 * SECOND,
  maxJsonDepth: 32,
  maxJsonNodes: 2_000,
  maxJsonKeys: 256,
  maxJsonItems: 10_000,
};
