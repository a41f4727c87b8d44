/** The bounds of one server process; every one has a default and can be set. */
export interface StreamsLimits {
  /** Largest frame from a client, in bytes, compressed or not. */
  readonly maxPayloadBytes: number;
  /** Largest `hello`, and most bytes that may arrive together with the upgrade, in bytes. */
  readonly maxHelloBytes: number;
  /** Time from the upgrade to `hello`, in milliseconds. */
  readonly helloTimeoutMs: number;
  /** Time that the authenticator may take, in milliseconds. */
  readonly authenticationTimeoutMs: number;
  /** Calls of the authenticator for clients that run at the same time. */
  readonly maxSignIns: number;
  /** The same of one address; more wait for their turn. */
  readonly maxSignInsPerAddress: number;
  /** Refused credentials of one address within a minute, before another one is not tried. */
  readonly maxRefusedSignInsPerAddress: number;
  /** Frames kept while the authenticator works. */
  readonly maxEarlyFrames: number;
  /** Bytes of the frames kept while the authenticator works. */
  readonly maxEarlyBytes: number;
  /** The same of all connections of one address, or of one user who signs in again. */
  readonly maxEarlyBytesPerAddress: number;
  /** The same of all connections of this process. */
  readonly maxEarlyBytesPerProcess: number;
  /** Oldest unfinished frame or fragmented message, in milliseconds. */
  readonly unfinishedMessageMs: number;
  /** Fragments of one message. */
  readonly maxFragments: number;
  /** Chunks of one unfinished message that the receiver keeps. */
  readonly maxBufferedChunks: number;
  /** Answers to pings that the client has not taken yet. */
  readonly maxPendingPongs: number;
  /** Connections of this process. */
  readonly maxConnections: number;
  /** Connections of this process without a finished `hello`. */
  readonly maxHandshakes: number;
  /** Connections of one address without a finished `hello`. */
  readonly maxHandshakesPerAddress: number;
  /** Connections of one address without a user; an IPv6 address counts as its /64. */
  readonly maxConnectionsPerAddress: number;
  /** Connections of one user in this process. */
  readonly maxConnectionsPerUser: number;
  /** New connections of this process a second; bursts of twice that. */
  readonly connectsPerSecond: number;
  /** New connections of one address a second; bursts of twice that. */
  readonly connectsPerSecondPerAddress: number;
  /** Frames of one connection a second, control frames counted; bursts of twice that. */
  readonly framesPerSecond: number;
  /** Bytes of one connection a second; bursts of twice that. */
  readonly bytesPerSecond: number;
  /** Time a second for refusing frames of one connection, and for reading costly ones, in milliseconds; bursts of twice that. */
  readonly frameWorkMsPerSecond: number;
  /** Bytes of answers to one connection beyond what its own bytes pay for. */
  readonly answerBytes: number;
  /** Sign-ins and sign-outs on one open connection a second. */
  readonly signInsPerSecond: number;
  /** Sign-ins and sign-outs on one open connection at once. */
  readonly signInBurst: number;
  /** Refused credentials of one connection within a minute; the last closes it. */
  readonly maxRefusedSignIns: number;
  /** Refused frames of one connection within 10 s, before it is closed. */
  readonly maxRefusals: number;
  /** Bad frames of one connection within a minute, before it is closed. */
  readonly maxBadFrames: number;
  /** Open streams of one connection. */
  readonly maxStreams: number;
  /** Channels that flow to one connection. */
  readonly maxSubscriptions: number;
  /** Messages of one stream that wait for their answer. */
  readonly maxPendingMessages: number;
  /** Bytes of the messages of one connection that wait for their handlers. */
  readonly maxPendingBytes: number;
  /** Bytes of histories and snapshots that one user, or the anonymous clients of one address, read a second; bursts of eight times that. */
  readonly historyBytesPerSecond: number;
  /** Reads of histories, and calls for snapshots, of one connection at the same time. */
  readonly maxChannelReads: number;
  /** The same of one user, or of the anonymous clients of one address; more wait for their turn. */
  readonly maxChannelReadsPerUser: number;
  /** Calls for snapshots of this process at the same time. */
  readonly maxSnapshotCalls: number;
  /** Iterables and Observables of one session that send at the same time. */
  readonly maxResultStreams: number;
  /** Time after its first sending in which a message may be sent again, in milliseconds; 0 is never. */
  readonly resendWindowMs: number;
  /** Bytes that remember how messages were answered, of all clients together. */
  readonly resendMemoryBytes: number;
  /** Time that a handler may take before its message is answered without it, in milliseconds. */
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
  /** Age at which a connection is asked to come back, in milliseconds, plus or minus a tenth. */
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
  bytesPerSecond: MIB,
  frameWorkMsPerSecond: 50,
  answerBytes: 64 * KIB,
  signInsPerSecond: 1,
  signInBurst: 10,
  maxRefusedSignIns: 5,
  maxRefusals: 200,
  maxBadFrames: 3,
  maxStreams: 64,
  maxSubscriptions: 128,
  maxPendingMessages: 32,
  maxPendingBytes: MIB,
  historyBytesPerSecond: MIB,
  maxChannelReads: 16,
  maxChannelReadsPerUser: 32,
  maxSnapshotCalls: 64,
  maxResultStreams: 64,
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
