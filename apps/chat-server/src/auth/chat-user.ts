/** A user of the chat, who has picked a name. */
export interface ChatUser {
  /** The name; in this demo it is also the credential. */
  readonly id: string;
}
