import { CodedError, type Message, type MessageClass, messageNameOf } from '@nestwire/protocol';
import { clientError } from '../client-error.js';

/** Answers a request of the server. */
export type RequestHandler<Question, Reply> = (
  question: Question,
  context: RequestContext,
) => Reply | Promise<Reply>;

/** The context of a request of the server. */
export interface RequestContext {
  /** Aborts when the server no longer waits, or the connection is lost. */
  readonly signal: AbortSignal;
}

/** The frame of a request. */
export interface AskedFrame {
  readonly id: number;
  readonly type: string;
  readonly data: object;
}

/** The connection that a request came by. */
export interface AskedSocket {
  /** The requests without a response. */
  readonly requests: Map<number, AbortController>;
  sendFrame(frame: object): void;
}

/** The messages of the client. */
interface Messages {
  payloadOf(message: unknown): object;
  messageOf(type: string, data: object): Message;
}

/** The handlers of one stream for requests of the server, by their classes. */
export class RequestHandlers {
  readonly #handlers = new Map<unknown, RequestHandler<never, unknown>>();
  readonly #messages: Messages;
  readonly #warn: (text: string, cause: unknown) => void;

  constructor(messages: Messages, warn: (text: string, cause: unknown) => void) {
    this.#messages = messages;
    this.#warn = warn;
  }

  /** Sets the handler of a class; returns the function that removes it. */
  set(cls: MessageClass, handler: RequestHandler<never, unknown>): () => void {
    const type = messageNameOf(cls);
    this.#handlers.set(type, handler);
    return () => {
      if (this.#handlers.get(type) === handler) this.#handlers.delete(type);
    };
  }

  /** Answers a request, unless it is withdrawn before. */
  async answer({ id, type, data }: AskedFrame, socket: AskedSocket): Promise<void> {
    const abort = new AbortController();
    socket.requests.set(id, abort);
    let answer: object;
    try {
      const handler = this.#handlers.get(type);
      if (!handler) throw clientError('UNKNOWN_MESSAGE', `add onRequest() for ${type}`);
      const question = this.#messages.messageOf(type, data) as never;
      answer = this.#messages.payloadOf(await handler(question, abort));
    } catch (error) {
      const isCoded = error instanceof CodedError;
      if (!isCoded) this.#warn('nestwire: a request handler threw', error);
      const { code, message } = isCoded ? error : clientError('INTERNAL');
      answer = { error: { code, message } };
    }
    if (socket.requests.delete(id)) socket.sendFrame({ t: 'response', request: id, ...answer });
  }
}
