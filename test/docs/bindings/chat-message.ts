export { ChatMessage } from '../quick-start/chat-message.js';
