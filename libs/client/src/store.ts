export {
  createCaller,
  type CallableMethod,
  type Caller,
  type CallerOptions,
  type CallState,
  type ItemOf,
  type ReplyOf,
} from './store/caller.js';
export { createSender, type Sender, type SendState } from './store/sender.js';
export type { Store, StoreOptions } from './store/store.js';
export {
  latestStore,
  presenceStore,
  statusStore,
  streamStore,
  type StreamReducer,
  type StreamView,
} from './store/stream-stores.js';
