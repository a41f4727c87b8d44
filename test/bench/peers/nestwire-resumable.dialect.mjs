export { storedDialects as dialects } from './nestwire-items.dialect.mjs';
