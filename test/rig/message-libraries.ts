// Loads class-validator and class-transformer for specs that use compiled messages without an application.
import { loadClassTransformer } from '@nestwire/protocol/compiled';
import { loadConstraintLibrary } from '../../libs/streams/src/validation/load-constraint-library.js';

await Promise.all([loadClassTransformer(), loadConstraintLibrary()]);
