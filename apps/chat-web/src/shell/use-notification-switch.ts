import { useState } from 'react';
import { areNotificationsOn, switchNotificationsOff, switchNotificationsOn } from './notifications.js';

/** Returns whether notifications are on, and the function that switches them. */
export function useNotificationSwitch(): { readonly isOn: boolean; toggle(): Promise<void> } {
  const [isOn, setOn] = useState(areNotificationsOn);
  return {
    isOn,
    async toggle() {
      if (isOn) switchNotificationsOff();
      else await switchNotificationsOn();
      setOn(areNotificationsOn());
    },
  };
}
