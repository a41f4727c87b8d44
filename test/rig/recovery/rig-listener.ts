import { ATTACH } from '@nestwire/messages/internal';
import type { Position } from '@nestwire/messages';
import type { Following, StoredPublication } from '@nestwire/messages/internal';
import type { Happening } from '../delivery/client.js';
import { violationsOf } from '../delivery/violations.js';
import { channelNamed, type DeskApp } from './desk.app.js';
import { placeOf, type Ledger } from './ledger.js';

/** A listener of a server, with all that it got. */
export class RigListener {
  readonly #got: StoredPublication[] = [];
  /** The position at the start, if it was known. */
  #start: Position | undefined;
  #following: Following | undefined;
  #isRemoved = false;

  constructor(
    server: DeskApp,
    readonly channel: string,
  ) {
    const attached = server.messages[ATTACH](channelNamed(channel), (publication) =>
      this.#got.push(publication as StoredPublication),
    );
    void attached.then((following) => this.#begin(following as Following));
  }

  remove(): void {
    this.#isRemoved = true;
    this.#following?.remove();
  }

  /** Finds what is wrong with what it got, given what the history holds in the end. */
  judge(ledger: Ledger, head: Position): string[] {
    const { log, isChained } = this.#told(ledger, head);
    const all = ledger.of(this.channel).all.filter(({ offset }) => offset <= head.offset);
    const broken = log.length > 0 ? [...violationsOf({ log }, { all, head })] : [];
    return [
      ...broken.filter((invariant) => !this.#isRemoved || /^I[15] /.test(invariant)),
      ...(isChained ? [] : ['I2 chain']),
    ].map((what) => `listener: ${what} in ${this.channel}`);
  }

  #begin(following: Following): void {
    this.#following = following;
    if (this.#isRemoved) following.remove();
    if (this.#got.length === 0) this.#start = following.position;
  }

  /** Returns the received messages, with those that were left out because they had arrived before. */
  #told(ledger: Ledger, head: Position): { log: Happening[]; isChained: boolean } {
    const log: Happening[] = [];
    const had = new Set<string>();
    let last: Position | undefined;
    let isChained = true;
    const begin = (position: Position, why: 'first' | 'diverged') => {
      log.push({ kind: 'begin', position, why });
      last = position;
    };
    const follow = (kind: 'message' | 'repeat', place: Position) => {
      if (last!.offset + 1 === place.offset) isChained &&= ledger.hasLink(this.channel, last!.id, place);
      log.push({ kind, message: { ...place, previousId: '', messageId: place.id } });
      had.add(place.id);
      last = place;
    };
    const spare = (to: Position) =>
      ledger.between(this.channel, { from: last!, to, had }).forEach((place) => follow('repeat', place));

    if (this.#start) begin(placeOf(this.#start), 'first');
    for (const { position, isGap } of this.#got) {
      const place = placeOf(position);
      if (isGap) begin(place, 'diverged');
      // The history could not be read before: it begins with what it got first.
      else if (!last) {
        begin(place, 'first');
        had.add(place.id);
      } else {
        spare(place);
        follow('message', place);
      }
    }
    if (last && had.has(head.id)) {
      spare(head);
      if (last.offset + 1 === head.offset && ledger.hasLink(this.channel, last.id, head))
        follow('repeat', head);
    }
    return { log, isChained };
  }
}
