import { messageNameOf, type MessageClass } from '@nestwire/protocol';
import type { ClientCodec, FramePayload } from '@nestwire/protocol/codec';
import { decodeMessage, VERSION_KEY } from '@nestwire/protocol/internal';

/** The options that field warnings use. */
export interface WarnedOptions {
  readonly messages: readonly MessageClass[];
  readonly onWarning?: (text: string) => void;
}

/** The fields of a frame that field warnings use. */
interface MessageLike {
  readonly type?: string;
  readonly data?: Readonly<Record<string, unknown>>;
}

type Fields = ReadonlySet<string>;

/** The global metadata of class-validator's decorators. */
interface Validated {
  readonly classValidatorMetadataStorage?: {
    getTargetValidationMetadatas(
      cls: unknown,
      schema: string,
      always: boolean,
      strict: boolean,
    ): ReadonlyArray<{ readonly propertyName: string }>;
  };
}

/** The maximum number of warnings. */
const MAX_WARNINGS = 50;

/**
 * Returns a codec that warns of renamed fields, for development.
 *
 * A field was probably renamed when the class has a field that the message lacks, and the message has one
 * that the class lacks. It warns once for each class and field. The message is delivered unchanged.
 */
export function warningCodec(codec: ClientCodec, options: WarnedOptions): ClientCodec {
  const warnings = new FieldWarnings(options);
  const { natives } = codec;
  return {
    subprotocols: codec.subprotocols,
    natives,
    encode: (frame, subprotocol) => codec.encode(frame, subprotocol),
    decode: (payload: FramePayload & (string | ArrayBuffer)) => {
      const frame = codec.decode(payload);
      warnings.check(frame as MessageLike | null);
      return frame;
    },
  };
}

class FieldWarnings {
  private readonly classes: ReadonlyMap<unknown, MessageClass>;
  private readonly fields = new Map<MessageClass, Fields>();
  private readonly warned = new Set<string>();

  constructor(private readonly options: WarnedOptions) {
    this.classes = new Map(options.messages.map((cls) => [messageNameOf(cls), cls]));
  }

  check(frame: MessageLike | null): void {
    const cls = this.classes.get(frame?.type);
    if (!cls || typeof frame?.data !== 'object') return;
    try {
      this.compare(cls, frame.data);
    } catch {
      // The delivery of the message reports the error.
    }
  }

  private compare(cls: MessageClass, data: object): void {
    const fields = this.fieldsOf(cls);
    const isKnown = (key: string): boolean =>
      key === '$type' || key === VERSION_KEY || fields.has(key) || key in cls.prototype;
    if (!fields.size || Object.keys(data).every(isKnown)) return;
    const missing = [...fields].filter((field) => !(field in data));
    // class-transformer may map a key in data to a field with another name.
    const unknown = Object.keys(decodeMessage(cls, data)).filter((key) => !isKnown(key));
    if (!missing.length || !unknown.length) return;
    // A client decodes classes with a name only.
    const type = messageNameOf(cls)!;
    for (const field of unknown) this.warn(type, field, missing);
  }

  private warn(type: string, field: string, missing: readonly string[]): void {
    const place = `${type}.${field}`;
    if (this.warned.has(place) || this.warned.size >= MAX_WARNINGS) return;
    this.warned.add(place);
    (this.options.onWarning ?? console.warn)(
      `nestwire: ${type} arrived with "${field}", which its class here does not have, and without ` +
        `"${missing.slice(0, 5).join('", "')}". If the server renamed the field, reload the page or update the class.`,
    );
  }

  private fieldsOf(cls: MessageClass): Fields {
    const known = this.fields.get(cls);
    if (known) return known;
    const fields = new Set([...ownFields(cls), ...validatedFields(cls)]);
    fields.delete('$type');
    this.fields.set(cls, fields);
    return fields;
  }
}

function ownFields(cls: MessageClass): readonly string[] {
  try {
    return Object.keys(new cls());
  } catch {
    return [];
  }
}

function validatedFields(cls: MessageClass): readonly string[] {
  const { classValidatorMetadataStorage: storage } = globalThis as Validated;
  return storage?.getTargetValidationMetadatas(cls, '', false, false).map((each) => each.propertyName) ?? [];
}
