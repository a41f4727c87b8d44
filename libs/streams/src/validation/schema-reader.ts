import type { Message, MessageClass, UnknownProperties } from '@nestwire/protocol';
import { detailsOf, instanceFrom, type schemaOf, type SchemaResult } from '@nestwire/protocol/internal';
import type { ClientDecoder } from './client-decoder.js';
import { invalidMessage } from './message-details.js';
import { isPromiseLike } from './promise-like.js';
import { refuseMessage } from './refuse-message.js';
import { removedBySchema } from './unknown-properties.js';

type Schema = NonNullable<ReturnType<typeof schemaOf>>;

type ReadMessage = (data: object) => Message | Promise<Message>;

/** The tools and the policy of the reader of a schema. */
export interface SchemaReaderTools {
  readonly decoder: ClientDecoder;
  readonly unknown: UnknownProperties;
}

/** Assumed CPU time of an asynchronous schema in later turns, in milliseconds, because it cannot be measured. */
const UNMEASURED_MS = 0.05;

/** The time up to which the work of the present turn has been measured. */
let measuredUntil = 0;

/**
 * Makes the reader of a class that `defineMessage` made.
 *
 * It decodes the data, applies the schema and makes an instance from the schema's value. It returns a promise
 * when the schema does. Errors that the schema throws become invalid messages. So do properties that the schema
 * removes, unless the message permits unknown properties.
 */
export function schemaReader(
  cls: MessageClass,
  schema: Schema,
  { decoder, unknown }: SchemaReaderTools,
): ReadMessage {
  // Some libraries make this object anew for each access.
  const standard = schema['~standard'];
  const read = (result: SchemaResult, properties: object): Message => {
    if (result.issues) throw invalidMessage(detailsOf(result.issues));
    const removed = unknown === 'strip' ? [] : removedBySchema(properties, result.value);
    if (removed.length) throw invalidMessage(removed);
    return instanceFrom(cls, result.value);
  };
  return (data) => {
    const properties = decoder.decodeForSchema(cls, data, unknown);
    try {
      const result = standard.validate(properties);
      if (!isPromiseLike(result)) return read(result, properties);
      const meter = restOfTurn();
      return Promise.resolve(result)
        .finally(meter.stop)
        .then((settled) => read(settled, properties))
        .catch((cause: unknown) => refuseMessage(cause, meter.elapsedMs + UNMEASURED_MS));
    } catch (error) {
      return refuseMessage(error);
    }
  };
}

/** The work of a message in the rest of a turn. */
interface TurnMeter {
  elapsedMs: number;
  readonly stop: () => void;
}

/**
 * Measures the rest of the present turn of the event loop, up to `stop`.
 *
 * Messages of one turn share its time, so that nothing is measured twice. A later turn also has the work of
 * others and is not measured.
 */
function restOfTurn(): TurnMeter {
  const startedAt = performance.now();
  let isOver = false;
  const end = setImmediate(() => (isOver = true));
  const meter = {
    elapsedMs: 0,
    stop: () => {
      if (isOver) return;
      clearImmediate(end);
      const now = performance.now();
      meter.elapsedMs = now - Math.max(startedAt, measuredUntil);
      measuredUntil = now;
    },
  };
  return meter;
}
