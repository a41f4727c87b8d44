import 'reflect-metadata';
import { createStreamClient } from '@nestwire/client';
import { create, StreamGap } from '@nestwire/protocol';
import { Ask, CLASSES, Join } from '../notes.mjs';
import { textOf } from '../../rig/error-text.mjs';

/**
 * A client with the options that a user gets, but that a message which waits too long for its reader is an
 * error: it would look like one that was lost.
 */
export class NestwireClient {
  /** The faults of this client. */
  errors = [];
  /** Each state that followed the first `connected`, with why. */
  kinds = [];
  #client;

  /** @param {{ port: number, rooms: readonly number[], options?: object, receive(note: { room: number, number: number }): void }} parts */
  constructor(parts) {
    this.parts = parts;
    this.#client = createStreamClient()({
      url: `ws://127.0.0.1:${parts.port}/streams`,
      messages: [...CLASSES, StreamGap],
      maxUnreadMessages: 1_000_000,
      overflow: 'fail',
      ...parts.options,
    });
  }

  /** Resolves when all rooms flow. */
  async start() {
    void this.#read();
    await this.#client.connectWebSocket();
    this.#client.addConnectionStatusListener((status) =>
      this.kinds.push('code' in status ? `${status.kind} (${status.code} ${status.reason})` : status.kind),
    );
    await this.#client.rooms.sendStreamMessage(create(Join, { rooms: this.parts.rooms }));
  }

  /** Resolves when the server has answered. */
  ask(id, workMs) {
    return this.#client.rooms.sendStreamMessage(create(Ask, { id, workMs }));
  }

  close() {
    return this.#client.close();
  }

  async #read() {
    try {
      for await (const message of this.#client.rooms.stream) {
        if (message instanceof StreamGap) this.errors.push(`a gap: ${message.reason}`);
        else this.parts.receive(/** @type {{ room: number, number: number }} */ (message));
      }
    } catch (error) {
      this.errors.push(textOf(error));
    }
  }
}
