const KEY = 'nestwire-chat.notifications';

/** Returns true when the user wants notifications and the browser permits them. */
export function areNotificationsOn(): boolean {
  return (
    'Notification' in window && Notification.permission === 'granted' && localStorage.getItem(KEY) === 'on'
  );
}

/** Switches notifications on; asks the browser for its permission when necessary. */
export async function switchNotificationsOn(): Promise<void> {
  localStorage.setItem(KEY, 'on');
  if ('Notification' in window) await Notification.requestPermission();
}

/** Switches notifications off. */
export function switchNotificationsOff(): void {
  localStorage.setItem(KEY, 'off');
}

const shown = new Set<Notification>();

/** Shows a notification, one for each channel. */
export function notify(
  channel: { readonly id: string; readonly name: string },
  text: string,
  open: () => void,
): void {
  const notification = new Notification(channel.name, { body: text, tag: channel.id, icon: '/icon.svg' });
  shown.add(notification);
  notification.onclose = () => shown.delete(notification);
  notification.onclick = () => {
    window.focus();
    open();
    notification.close();
  };
}

/** Closes all notifications of this page, which are for the user who has signed out. */
export function closeNotifications(): void {
  for (const notification of shown) notification.close();
  shown.clear();
}
