const MAX_NAMES = 1_000;

/** A cache of names as JSON text; frames repeat few names. */
export class QuotedNames {
  private readonly quoted = new Map<string, string>();

  /** Returns the name as JSON text. */
  quote(name: string): string {
    return this.quoted.get(name) ?? this.add(name);
  }

  private add(name: string): string {
    const text = JSON.stringify(name);
    if (this.quoted.size < MAX_NAMES) this.quoted.set(name, text);
    return text;
  }
}
