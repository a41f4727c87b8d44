import { OnStreamOpened, StreamEndpoint, StreamSession, UserObject } from '@nestwire/streams';
import { decorate } from '../../rig/decorate.mjs';
import { isWhole, Visit } from './session-tree.mjs';

/** Opens only if the session has its objects. */
export class ChurnEndpoint {
  opened(_session, visit) {
    if (!isWhole(visit)) throw new Error('The session lacks its objects.');
  }
}

decorate(ChurnEndpoint, {
  decorators: [StreamEndpoint('churn')],
  methods: {
    opened: {
      decorators: [OnStreamOpened()],
      takes: [StreamSession, Visit],
      parameters: { 1: UserObject() },
    },
  },
});
