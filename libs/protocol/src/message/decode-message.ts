// Under the name that it has outside: a function of its own would be one more in every bundle.
export { decodeInto as decodeMessage } from '../value/wire-value.js';
