import type { EXCLUDED } from './hidden-members.js';

/** A receiver that a post leaves out: a session of `@nestwire/streams`. */
export interface ExcludedReceiver {
  /** A public name of its client, or of its connection if the client has no id. */
  readonly [EXCLUDED]: string;
}
