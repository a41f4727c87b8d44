import { PresenceMembers, type CodedError, type Message } from '@nestwire/protocol';
import type { ClientMessageFrame, CloseFrame, FramePayload, OpenFrame } from '@nestwire/protocol/codec';
import type { Channel, PresenceService, Subscription } from '@nestwire/messages';
import type { ResumingChannels } from '../subscriptions/resuming-channels.js';
import { ConnectionRequests } from '../requests/connection-requests.js';
import type { RequestOptions } from '../requests/request-options.js';
import type { Endpoint } from '../endpoint/endpoint-registry.js';
import { SessionCloseReason } from '../session/session-close-reason.js';
import {
  streamKeyInUse,
  streamNotOpen,
  tooManyBytes,
  tooManyFrames,
  tooManyStreams,
  unknownEndpoint,
} from '../session/stream.errors.js';
import { SessionRuntime } from '../session/session-runtime.js';
import { ServerSession, subjectOf, type SessionPort, type StreamAddress } from '../session/server-session.js';
import type { StreamsLimits } from '../streams-limits.js';
import { ConnectionCalls } from '../calls/connection-calls.js';
import { ConnectionResults } from '../resend/connection-results.js';
import { CallHost } from './call-host.js';
import type { ConnectionContext } from './connection-context.js';
import type { ConnectionOwner } from './connection-owner.js';
import type { Identity } from '../auth/identity.js';
import { requestsPort } from './requests-port.js';
import { SessionAnswers } from './session-answers.js';
import { SessionTable } from './session-table.js';
import type { EvictionMatcher } from './evicted-stream.js';
import { isChosenKey, streamAddress } from './stream-address.js';

/** The streams of one connection, one of each endpoint and set of parameters. */
export class ConnectionStreams implements SessionPort {
  readonly results: ConnectionResults;
  readonly answers: SessionAnswers;
  readonly requests: ConnectionRequests;
  readonly calls: ConnectionCalls;
  private readonly sessions = new SessionTable();
  /** The number of sessions since the connection opened; a part of their ids. */
  private opened = 0;

  constructor(
    private readonly context: ConnectionContext,
    private readonly owner: ConnectionOwner,
  ) {
    this.results = new ConnectionResults(context.results);
    this.requests = new ConnectionRequests(requestsPort(context, owner));
    this.calls = new ConnectionCalls(new CallHost(context, owner, this.sessions, this.results));
    this.answers = new SessionAnswers(context, owner, this.sessions, this.results, this.calls);
  }

  get limits(): StreamsLimits {
    return this.context.limits;
  }

  get clientName(): string {
    return this.owner.clientName;
  }

  get presence(): PresenceService {
    return this.context.channels.presence;
  }

  /** The number of sessions that are not released. */
  get size(): number {
    return this.sessions.size;
  }

  /** Opens the stream of an endpoint, or of one set of its parameters, for the client. */
  open(frame: OpenFrame): void {
    const { id } = frame;
    const endpoint = this.context.endpoints.get(frame.endpoint);
    if (!endpoint) return this.answers.fail(id, unknownEndpoint(frame.endpoint));
    let address: StreamAddress;
    try {
      address = streamAddress(endpoint, frame);
    } catch (error) {
      return this.answers.fail(id, error as CodedError);
    }
    const latest = this.sessions.latestOf(address);
    const conflict = this.conflictOf(address, latest);
    if (conflict) return this.answers.fail(id, conflict);
    if (latest && !latest.whenGone) return this.addOpenRequest(latest, id);
    // A session that is ending makes room for its successor.
    if (this.size - (latest ? 1 : 0) >= this.limits.maxStreams)
      return this.answers.fail(id, tooManyStreams(this.limits.maxStreams));
    this.start(endpoint, address).openIds.push(id);
  }

  /** Returns the error of an address whose key or parameters another stream of the client has. */
  private conflictOf(address: StreamAddress, latest: SessionRuntime | undefined): CodedError | undefined {
    const { stream } = address;
    if (latest && !latest.whenGone && latest.session.stream !== stream)
      return streamKeyInUse(stream, latest.session.stream);
    const holder = this.sessions.get(stream);
    // A session that is ending still sends frames with its key.
    const isOther = holder && subjectOf(holder.session) !== subjectOf(address);
    return isOther ? streamKeyInUse(stream, undefined) : undefined;
  }

  /** Opens the streams of endpoints with `open: 'on-connect'`; their key is the endpoint's name. */
  openOnConnect(): void {
    for (const endpoint of this.context.endpoints.all()) {
      // Repeated sign-ins must not give a client more sessions than others have.
      if (this.size >= this.limits.maxStreams) return;
      const address = { endpoint: endpoint.name, stream: endpoint.name, paramsText: '' };
      const latest = this.sessions.latestOf(address);
      if (endpoint.options.open === 'on-connect' && (!latest || latest.whenGone))
        this.start(endpoint, address);
    }
  }

  /** Passes a message to its session. */
  receive(frame: ClientMessageFrame, payload: FramePayload, bytes: number): void {
    const runtime = this.sessions.get(frame.stream);
    if (!runtime) return this.refuseUnopened(frame);
    if (runtime.pendingBytes && this.sessions.pendingBytes + bytes > this.limits.maxPendingBytes)
      return this.answers.refuse(frame, tooManyBytes(this.limits.maxPendingBytes));
    runtime.receive(frame, payload, bytes);
  }

  /** Closes a stream after the messages that were sent before. */
  close({ id, stream }: CloseFrame): void {
    const runtime = this.sessions.get(stream);
    if (!runtime) return this.answers.fail(id, streamNotOpen(stream));
    const reason = new SessionCloseReason('closed-by-client', 'The client closed the stream.');
    if (runtime.closeIds.length >= this.limits.maxPendingMessages)
      return this.answers.fail(id, tooManyFrames(stream, this.limits.maxPendingMessages));
    runtime.closeIds.push(id);
    void runtime.endWhenIdle(reason);
  }

  /** Returns whether a frame with this id has no answer yet. */
  awaits(id: number): boolean {
    return this.sessions.awaits(id) || this.calls.awaits(id);
  }

  /** Selects the recorded results of the user and client that the connection has now. */
  identify(): void {
    this.results.identify(this.owner.identity);
  }

  /**
   * Ends the sessions of the connection's former identity, and tells the client.
   *
   * It does not wait for running handlers. After a sign-in of an anonymous client, sessions with
   * `keepOnSignIn` stay until `adoptSessions`.
   */
  endIdentity({ isSignIn }: { readonly isSignIn: boolean }): void {
    for (const runtime of this.sessions.all()) {
      const isKept = isSignIn && runtime.isKeptOnSignIn && !runtime.session.endReason;
      if (runtime.isDisowned || isKept) continue;
      runtime.disown();
      this.answers.disowned(runtime);
    }
  }

  /** Returns whether a session works on a frame of the client, who then pays for the work. */
  isHandlingFrame(session: ServerSession): boolean {
    return this.sessions.find(session)?.isWorking ?? false;
  }

  /** Moves the kept sessions to an identity, each after the messages that it had before. */
  async adoptSessions(identity: Identity): Promise<void> {
    const kept = this.sessions
      .all()
      .filter(({ session }) => !session.endReason && !session.belongsTo(identity));
    if (!kept.length) return;
    await Promise.all(
      kept.map(async (runtime) => {
        await runtime.idle();
        if (runtime.session.endReason) return;
        runtime.session.adopt(identity);
        this.results.attach(runtime);
      }),
    );
    this.owner.subscriptions.adopted(identity.holder);
  }

  /** Runs the guards of all open streams again, because the credential or the scopes changed. */
  async reauthorize(): Promise<void> {
    await Promise.all(this.sessions.all().map((runtime) => runtime.reauthorize()));
  }

  send(session: ServerSession, message: object): Promise<void> {
    if (message instanceof PresenceMembers) return this.answers.sendMembers(session.stream, message);
    const { outbox, frames } = this.owner;
    try {
      outbox.push(frames.of(session.stream, message));
    } catch (error) {
      return Promise.reject(error as Error);
    }
    return outbox.whenBelowSoftBound();
  }

  /** Sends a message to the open sessions of an endpoint; returns how many a slow client loses. */
  deliver(endpoint: string, message: Message): number {
    const { outbox, frames } = this.owner;
    let dropped = 0;
    for (const runtime of this.sessions.all()) {
      if (!runtime.isOpen || runtime.isDisowned || runtime.session.endpoint !== endpoint) continue;
      if (outbox.isAboveSoftBound) dropped++;
      else outbox.push(frames.of(runtime.session.stream, message));
    }
    return dropped;
  }

  subscribe(session: ServerSession, channel: string | Channel): Promise<Subscription> {
    return this.owner.subscriptions.add(session, channel);
  }

  request(session: ServerSession, message: object, options: RequestOptions): Promise<Message> {
    return this.requests.ask(session, message, options);
  }

  resuming(session: ServerSession): ResumingChannels {
    return this.owner.subscriptions.resumingOf(session);
  }

  /** Begins to end the sessions that match, and refuses to resume such streams. */
  evict(isEvicted: EvictionMatcher, reason: SessionCloseReason): void {
    const { user } = this.owner.identity;
    this.owner.subscriptions.resumePositions.refuse((stream) => isEvicted({ ...stream, user }));
    for (const runtime of this.sessions.all())
      if (!runtime.session.endReason && isEvicted(runtime.session)) void runtime.end(reason);
  }

  endSession(session: ServerSession, reason: SessionCloseReason): Promise<void> {
    return this.sessions.find(session)?.close(reason) ?? Promise.resolve();
  }

  /** Ends all sessions; resolves when they are released. */
  async endAll(reason: SessionCloseReason): Promise<void> {
    await Promise.all(this.sessions.all().map((runtime) => runtime.end(reason)));
  }

  /** Resolves when no handler runs, and no message and no reply waits. */
  async idle(): Promise<void> {
    await Promise.all([this.calls.idle(), ...this.sessions.all().map((runtime) => runtime.idle())]);
  }

  /** Answers for the handlers that have exceeded their time. */
  checkDeadlines(now: number): void {
    for (const runtime of this.sessions.all()) runtime.checkDeadline(now);
  }

  private refuseUnopened({ id, stream }: ClientMessageFrame): void {
    const isKnown = isChosenKey(stream) || this.context.endpoints.get(stream);
    this.answers.fail(id, isKnown ? streamNotOpen(stream) : unknownEndpoint(stream));
  }

  private addOpenRequest(runtime: SessionRuntime, id: number): void {
    const { maxPendingMessages } = this.limits;
    if (runtime.isOpen) return this.answers.reopened(runtime, id);
    if (runtime.openIds.length < maxPendingMessages) runtime.openIds.push(id);
    else this.answers.fail(id, tooManyFrames(runtime.session.stream, maxPendingMessages));
  }

  private start(endpoint: Endpoint, address: StreamAddress): SessionRuntime {
    const id = `${this.owner.id}.${++this.opened}`;
    const { messages } = this.context;
    const { identity } = this.owner;
    const session = new ServerSession({ ...address, id }, this, { messages, identity });
    const runtime = new SessionRuntime(session, endpoint, this.answers);
    const predecessor = this.sessions.latestOf(address)?.whenGone;
    this.sessions.add(runtime);
    this.results.attach(runtime);
    void runtime.open(predecessor);
    return runtime;
  }
}
