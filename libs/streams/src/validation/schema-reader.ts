import type { Message, MessageClass } from '@nestwire/protocol';
import { detailsOf, instanceFrom, type schemaOf, type SchemaResult } from '@nestwire/protocol/internal';
import type { ClientDecoder } from './client-decoder.js';
import { invalidMessage } from './message-details.js';
import { isPromiseLike } from './promise-like.js';
import { refuseMessage } from './refuse-message.js';

type Schema = NonNullable<ReturnType<typeof schemaOf>>;

type ReadMessage = (data: object) => Message | Promise<Message>;

/** Assumed CPU time of the asynchronous part of a schema, beside that of its synchronous part. */
const UNMEASURED_MS = 0.05;

/**
 * Makes the reader of a class that `defineMessage` made.
 *
 * It decodes the data, applies the schema and makes an instance from the schema's value. It returns a promise
 * when the schema does. Errors that the schema throws become invalid messages.
 */
export function schemaReader(cls: MessageClass, schema: Schema, decoder: ClientDecoder): ReadMessage {
  // Some libraries make this object anew for each access.
  const standard = schema['~standard'];
  const read = (result: SchemaResult): Message => {
    if (result.issues) throw invalidMessage(detailsOf(result.issues));
    return instanceFrom(cls, result.value);
  };
  let isAsync = false;
  return (data) => {
    const properties = decoder.decodeForSchema(cls, data);
    // The time is only needed for asynchronous schemas, and reading it costs as much as a small schema.
    const startedAt = isAsync ? performance.now() : undefined;
    try {
      const result = standard.validate(properties);
      if (!isPromiseLike(result)) return read(result);
      isAsync = true;
      // Only the synchronous part can be measured; the other one does about as much.
      const measuredMs = startedAt === undefined ? 0 : performance.now() - startedAt;
      const laterMs = measuredMs + UNMEASURED_MS;
      return Promise.resolve(result)
        .then(read)
        .catch((cause: unknown) => refuseMessage(cause, laterMs));
    } catch (error) {
      return refuseMessage(error);
    }
  };
}
