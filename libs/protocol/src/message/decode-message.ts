// An alias under the public name; a wrapper function would add bytes to every bundle.
export { decodeInto as decodeMessage } from '../value/wire-value.js';
