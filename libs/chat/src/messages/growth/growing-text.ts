const UNSTORABLE = /[\0\p{Surrogate}]/gu;

/** A text that grows up to a limit, of characters that the database can store. */
export class GrowingText {
  private whole = '';
  /** The first half of a character whose second half comes with the next piece. */
  private half = '';

  constructor(private readonly maxLength: number) {}

  get value(): string {
    return this.whole;
  }

  /** Adds a piece; returns false when the text has reached the limit. */
  append(piece: string): boolean {
    const added = this.half + piece;
    this.half = /[\uD800-\uDBFF]$/.exec(added)?.[0] ?? '';
    const complete = added.slice(0, added.length - this.half.length).replace(UNSTORABLE, '\uFFFD');
    const room = this.maxLength - this.whole.length;
    this.whole += complete.length <= room ? complete : withoutHalf(complete.slice(0, room));
    return complete.length < room;
  }
}

function withoutHalf(text: string): string {
  return text.replace(/[\uD800-\uDBFF]$/, '');
}
