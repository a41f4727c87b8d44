export { Prompt, Token } from '../messages.js';
