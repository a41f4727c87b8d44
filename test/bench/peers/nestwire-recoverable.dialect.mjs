import { recoverableDialect } from './nestwire.dialect.mjs';

export const dialects = { 'fan-out': recoverableDialect, cluster: recoverableDialect };
