import { nestwireCodec } from './schema.codecs.mjs';
import { schema } from './valibot.schema.mjs';

export const { data, decode, encode } = nestwireCodec(schema);
