import type { ClientCodec } from '@nestwire/protocol/codec';
import { createStreamClient as createWith } from './create-stream-client.js';
import { warningCodec, type WarnedOptions } from './development/field-warnings.js';
import { json } from './transport/json.js';

/**
 * Makes a client that also warns of renamed fields.
 *
 * The casts are unavoidable, because a wrapper cannot repeat the check of `messages` for each type argument.
 */
export const createStreamClient = (() => {
  const create = createWith<Record<string, never>>();
  return (options: WarnedOptions & { readonly codec?: ClientCodec }) =>
    create({ ...options, codec: warningCodec(options.codec ?? json, options) } as never);
}) as unknown as typeof createWith;
