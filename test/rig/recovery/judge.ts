import { StreamGap } from '@nestwire/protocol';
import type { PublicationFrame, WirePosition } from '@nestwire/protocol/codec';
import type { Position } from '@nestwire/messages';
import { isSamePosition } from '@nestwire/messages/internal';
import type { ModelMessage } from '../delivery/branch.js';
import type { Happening } from '../delivery/client.js';
import { violationsOf } from '../delivery/violations.js';
import { State } from './desk.app.js';
import { placeOf, type Ledger } from './ledger.js';
import { ENDPOINTS, frameOf, type EndpointName, type Got, type RigClient, type Said } from './rig-client.js';

const GAP = 'nestwire.gap';

/** A channel in a stream, from its subscription to its end. */
interface Life {
  readonly channel: string;
  readonly log: Happening[];
  readonly ids: Set<string>;
  last: Position | undefined;
  isOpen: boolean;
  /** A snapshot was got, and its position not yet. */
  hasState: boolean;
  /** The present server continues from another position: none of its messages may follow. */
  isElsewhere: boolean;
}

/** The heads of the channels, for the comparison at the end. */
export type Tops = ReadonlyMap<string, Position | undefined>;

/** Reads what one stream of a client was told and got, and finds what is wrong with it. */
export class StreamJudge {
  readonly broken = new Set<string>();
  /** Counts what happened: so that nobody judges an empty log. */
  readonly seen: Record<string, number> = {};
  readonly #lives: Life[] = [];
  #subscribed = new Set<string>();
  /** The channels that still arrive by the former connection, until the present one reports them. */
  #leaving = new Set<string>();
  /** The present connection, and whether the former one stood when it began. */
  #line = { number: -1, isHandover: false };
  readonly #got: readonly Got[];
  #next = 0;
  #user: string | null | undefined;

  constructor(
    client: RigClient,
    private readonly endpoint: EndpointName,
    private readonly ledger: Ledger,
  ) {
    this.#got = client.got[endpoint];
    for (const frame of client.said) this.#hear(frame);
    if (this.#next < this.#got.length) this.#blame('something came that was never sent');
  }

  /** Compares what has come with what the histories hold. */
  conclude(heads: Tops): void {
    for (const life of this.#lives) {
      if (isLatest(life.channel)) this.#concludeLatest(life, heads);
      else this.#concludeHistory(life, heads);
    }
  }

  #hear(frame: Said): void {
    if (frame.t === 'welcome') {
      this.#identify(frame.user);
      return this.#begins(frame);
    }
    if (frame.t === 'authenticated') return this.#signIn(frame.user);
    if (frame.t === 'publication') return this.#hearPublication(frame);
    if (frame.stream !== this.endpoint) return;
    const isPresent = frame.line === this.#line.number;
    if (frame.t === 'message') return this.#hearState(frame.data as { channel: string }, isPresent);
    const { channel } = frame;
    // Messages of the former connection still count in a handover; of its streams only new subscriptions do.
    if (!isPresent) {
      if (frame.t === 'subscribed' && frame.position) this.#hearLate(channel, placeOnWire(frame.position));
      return;
    }
    if (frame.t === 'unsubscribed') {
      this.#subscribed.delete(channel);
      const life = this.#open(channel);
      if (life) life.isOpen = false;
    } else {
      if (frame.t === 'subscribed') {
        this.#subscribed.add(channel);
        this.#leaving.delete(channel);
      }
      if (frame.position) this.#hearPosition(frame.t, channel, placeOnWire(frame.position));
    }
  }

  /** The former server subscribes a channel; the client drops its snapshot, and has to get another one. */
  #hearLate(channel: string, position: Position): void {
    if (!this.#open(channel) && !isBoard(channel)) this.#restart(this.#begin(channel), position, 'first');
  }

  /** Ends the channels of a former user, which the server does not report. */
  #identify(user: string | null): void {
    if (this.#user !== undefined && this.#user !== user) for (const life of this.#lives) life.isOpen = false;
    this.#user = user;
  }

  /** A sign-in as another user on the open connection ends all streams of the former user. */
  #signIn(user: string | null): void {
    if (user !== this.#user) this.#subscribed.clear();
    this.#identify(user);
  }

  #begins({ line, isHandover }: Said): void {
    this.#leaving = isHandover ? this.#subscribed : new Set();
    this.#subscribed = new Set();
    this.#line = { number: line, isHandover };
    // The client has told this server its position.
    for (const life of this.#lives) life.isElsewhere = false;
  }

  #hearPublication(heard: Extract<Said, { t: 'publication' }>): void {
    const { channel, stream, type, offset } = heard;
    const { id } = placeOf({ epoch: '', offset: 0, id: heard.id ?? '' });
    const frame = { ...heard, id };
    const isPresent = heard.line === this.#line.number;
    const channels = isPresent ? this.#subscribed : this.#leaving;
    const isMine = stream ? stream === this.endpoint : channels.has(channel);
    if (isMine && isPresent) this.#leaving.delete(channel);
    if (!isMine || offset === undefined) return;
    const life = this.#open(channel) ?? this.#begin(channel);
    const epoch = frame.epoch ?? life.last?.epoch ?? '';
    const position = { epoch, offset, id: id! };
    if (type === GAP) {
      if (this.#takes(frame)) this.#restart(life, position, (frame.data as { reason: 'trimmed' }).reason);
      return;
    }
    // The client may leave out the newest message if it has it, also after a restore of the history.
    const isGot = this.#takes(frame);
    const isKnown = !isLatest(channel) && life.ids.has(position.id);
    if (isGot && isPresent && life.isElsewhere) this.#blame('joined elsewhere');
    if (isGot) this.#receive(life, position, 'message');
    else if (isKnown && life.last && this.#repeats(life.last, channel, position))
      this.#receive(life, position, 'repeat');
  }

  /** Tells whether a message that the client had leads on: in a handover it may be of another timeline. */
  #repeats(last: Position, channel: string, position: Position): boolean {
    return (
      follows(last, position) && (!this.#line.isHandover || this.ledger.hasLink(channel, last.id, position))
    );
  }

  /**
   * Begins a life with a snapshot, which replaces all earlier messages of its channel.
   *
   * The client must drop a snapshot of the former server, because it could undo messages of the next one.
   */
  #hearState({ channel }: { channel: string }, isPresent: boolean): void {
    this.#leaving.delete(channel);
    const next = this.#got[this.#next];
    if (!isPresent || !(next instanceof State) || next.channel !== channel) return;
    this.#next++;
    const former = this.#open(channel);
    if (former) former.isOpen = false;
    this.#begin(channel).hasState = true;
    this.#count('snapshot');
  }

  #hearPosition(kind: 'subscribed' | 'position', channel: string, position: Position): void {
    const present = this.#open(channel);
    if (kind === 'subscribed') {
      if (!present) {
        if (isBoard(channel)) this.#blame('no snapshot before a subscription');
        this.#restart(this.#begin(channel), position, 'first');
      } else if (!present.last) this.#restart(present, position, 'first');
      else if (
        !isLatest(channel) &&
        !isSamePosition(present.last, position) &&
        !this.#isBehind(present.last, channel, position)
      ) {
        // In a handover the former server may have led away from the position that this one was told.
        if (this.#line.isHandover) present.isElsewhere = true;
        else this.#blame('joined elsewhere');
      }
      return;
    }
    // The next server counts as new what the former one subscribed late; the client keeps its own position.
    if (present && !present.hasState && !isBoard(channel) && this.#line.isHandover) {
      present.isElsewhere = true;
      return;
    }
    const life = present ?? this.#begin(channel);
    // Without a snapshot it is the place of a newcomer, which waits for those that have joined before.
    if (!life.hasState && (isBoard(channel) || present)) this.#blame('no snapshot before what follows it');
    life.hasState = false;
    this.#restart(life, position, 'first');
  }

  /** Tells whether a server has yet to come to where the former one led before it was left. */
  #isBehind(last: Position, channel: string, { epoch, offset }: Position): boolean {
    if (!this.#line.isHandover) return false;
    if (epoch === last.epoch) return offset <= last.offset;
    const logs = this.#lives.flatMap((life) => (life.channel === channel ? life.log : []));
    return logs.some((one) => (one.kind === 'begin' ? one.position : one.message).epoch === epoch);
  }

  /** Tells whether the next of what was got came by the frame; then it is taken. */
  #takes({ type, channel, index, data }: PublicationFrame & Pick<Said, 'index'>): boolean {
    const next = this.#got[this.#next];
    const isSame =
      next instanceof StreamGap
        ? type === GAP && next.channel === channel && next.reason === data.reason
        : next && !(next instanceof State) && frameOf(next) === index;
    if (isSame) this.#next++;
    return isSame === true;
  }

  #receive(life: Life, position: Position, kind: 'message' | 'repeat'): void {
    const { channel, last, ids } = life;
    if (last && !isLatest(channel) && follows(last, position))
      if (!this.ledger.hasLink(channel, last.id, position)) this.#blame('I2 chain');
    const message: ModelMessage = { ...position, previousId: '', messageId: position.id };
    life.log.push({ kind, message });
    life.last = position;
    ids.add(position.id);
    this.#count(kind);
  }

  #restart(life: Life, position: Position, why: 'first' | StreamGap['reason']): void {
    life.log.push({ kind: 'begin', position, why });
    life.last = position;
    life.isElsewhere = false;
    this.#count(why);
  }

  #concludeHistory({ channel, log, isOpen, isElsewhere }: Life, heads: Tops): void {
    if (isOpen && isElsewhere) this.#blame('joined elsewhere');
    const head = heads.get(channel) ?? { epoch: '', offset: 0, id: '' };
    const all = this.ledger.of(channel).all.filter(({ offset }) => offset <= head.offset);
    for (const invariant of violationsOf({ log }, { all, head }))
      if (isOpen || invariant.startsWith('I1 ') || invariant.startsWith('I5'))
        this.#blame(`${invariant} in ${channel}`);
  }

  /** Of a channel of which the newest matters, offsets only rise, and the newest is there in the end. */
  #concludeLatest({ channel, log, isOpen, last }: Life, heads: Tops): void {
    let before: Position | undefined;
    for (const happening of log) {
      if (happening.kind === 'begin') continue;
      const { message } = happening;
      const isBack = before?.epoch === message.epoch && message.offset <= before.offset;
      if (isBack && this.ledger.of(channel).branch === 0) this.#blame(`latest goes back in ${channel}`);
      before = message;
    }
    const head = heads.get(channel);
    if (isOpen && head && head.offset > 0 && last && !(before?.id === head.id)) {
      this.#blame(`latest is not the newest in ${channel}`);
    }
  }

  #open(channel: string): Life | undefined {
    return this.#lives.findLast((life) => life.channel === channel && life.isOpen);
  }

  #begin(channel: string): Life {
    const life: Life = {
      channel,
      log: [],
      ids: new Set(),
      last: undefined,
      isOpen: true,
      hasState: false,
      isElsewhere: false,
    };
    this.#lives.push(life);
    return life;
  }

  #blame(what: string): void {
    this.broken.add(`${this.endpoint}: ${what}`);
  }

  #count(what: string): void {
    this.seen[what] = (this.seen[what] ?? 0) + 1;
  }
}

/** Judges all streams of a client. */
export function judgeClient(client: RigClient, ledger: Ledger, heads: Tops): StreamJudge[] {
  return ENDPOINTS.map((endpoint) => {
    const judge = new StreamJudge(client, endpoint, ledger);
    judge.conclude(heads);
    return judge;
  });
}

function isBoard(channel: string): boolean {
  return channel.startsWith('board');
}

function isLatest(channel: string): boolean {
  return channel.startsWith('newest');
}

function placeOnWire([epoch, offset, id]: WirePosition): Position {
  return placeOf({ epoch, offset, id });
}

function follows(last: Position, { epoch, offset }: Position): boolean {
  return epoch === last.epoch && offset === last.offset + 1;
}
