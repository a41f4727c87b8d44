import { aloneCodec } from './schema.codecs.mjs';
import { schema } from './arktype.schema.mjs';

export const { data, decode, encode } = aloneCodec(schema);
