/** Somebody who picked a name. */
export interface ChatUser {
  /** The name; in this demo it is also the credential. */
  readonly id: string;
}
