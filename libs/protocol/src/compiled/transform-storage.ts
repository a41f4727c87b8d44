import { Exclude, Expose, Transform, Type } from 'class-transformer';
// class-transformer has no public way to detect @Transform; Nest's mapped types read the same storage.
import { defaultMetadataStorage } from 'class-transformer/cjs/storage.js';
import '../class-transformer.js';
import type { TransformStorage } from './transform-facts.js';

/** The metadata of class-transformer; undefined when it is unreadable. */
export const TRANSFORM_STORAGE = trusted(defaultMetadataStorage as TransformStorage);

/** Returns the storage when the public decorators write to it in the expected shape. */
function trusted(candidate: TransformStorage | undefined): TransformStorage | undefined {
  class Probe {}
  for (const decorate of [Type(() => Date), Transform(() => 0), Expose(), Exclude()])
    decorate(Probe.prototype, 'probe');
  const { _typeMetadatas, _transformMetadatas, _exposeMetadatas, _excludeMetadatas } = candidate ?? {};
  const all = [_typeMetadatas, _transformMetadatas, _exposeMetadatas, _excludeMetadatas];
  const isKnown = all.every((metadata) => metadata instanceof Map && metadata.get(Probe)?.has('probe'));
  // Remove the metadata of the probe.
  for (const metadata of all) if (metadata instanceof Map) metadata.delete(Probe);
  return isKnown ? candidate : undefined;
}
