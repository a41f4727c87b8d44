const PATHS = {
  back: 'M15 5l-7 7 7 7',
  bell: 'M6 16V11a6 6 0 0 1 12 0v5l1.5 2h-15zM10 20.5a2 2 0 0 0 4 0',
  'bell-off': 'M4 4l16 16M8.5 6.2A6 6 0 0 1 18 11v3.5M6 11v5l-1.5 2H17M10 20.5a2 2 0 0 0 4 0',
  chat: 'M4.5 5.5h15v11h-8l-4.5 3.5v-3.5h-2.5z',
  check: 'M5 12.5l4.5 4.5L19 7.5',
  copy: 'M9 9h10v10H9zM5 15V5h10',
  compass: 'M12 20.5a8.5 8.5 0 1 0 0-17 8.5 8.5 0 0 0 0 17zM15.5 8.5l-2 5-5 2 2-5z',
  cross: 'M6 6l12 12M18 6L6 18',
  dots: 'M5 11.4a.6.6 0 1 0 .01 0zM12 11.4a.6.6 0 1 0 .01 0zM19 11.4a.6.6 0 1 0 .01 0z',
  down: 'M12 5v14M6 13l6 6 6-6',
  edit: 'M5 19l1-4L16 5l3 3L9 18zM14 7l3 3',
  flag: 'M6 20.5v-16M6 5c4-2 7 2 12 0v8.5c-5 2-8-2-12 0',
  image: 'M4.5 5.5h15v13h-15zM4.5 16l4.5-4.5 4 4 2.5-2.5 4 4M15.5 9.5h.01',
  leave: 'M14 5H6v14h8M10 12h10M17 8.5l3.5 3.5-3.5 3.5',
  lock: 'M7 11V8a5 5 0 0 1 10 0v3M5.5 11h13v9h-13z',
  members:
    'M9 11.5a3.5 3.5 0 1 0 0-7 3.5 3.5 0 0 0 0 7zM3 20c.4-3.3 2.8-5.5 6-5.5s5.6 2.2 6 5.5M15.5 4.9a3.5 3.5 0 0 1 0 6.2M17.5 14.9c2 .8 3.2 2.6 3.5 5.1',
  paperclip:
    'M18.5 11.5l-7 7a4 4 0 0 1-5.7-5.7l7.6-7.5a2.7 2.7 0 0 1 3.8 3.8l-7.4 7.4a1.2 1.2 0 0 1-1.8-1.8l6.6-6.5',
  pin: 'M9 4h6l-.8 6.5 3.3 3v1.5h-11v-1.5l3.3-3zM12 15v5.5',
  plus: 'M12 5v14M5 12h14',
  reply: 'M9.5 6L4 11.5 9.5 17M4.5 11.5H14a6 6 0 0 1 6 6v1',
  retry: 'M19 12a7 7 0 1 1-2.2-5.1M19 4v4.5h-4.5',
  search: 'M10.5 17a6.5 6.5 0 1 0 0-13 6.5 6.5 0 0 0 0 13zM15.3 15.3L20 20',
  send: 'M12 19V5M6 11l6-6 6 6',
  smile:
    'M12 20.5a8.5 8.5 0 1 0 0-17 8.5 8.5 0 0 0 0 17zM8.5 14c.8 1.5 2 2.3 3.5 2.3s2.7-.8 3.5-2.3M9.2 9.8h.01M14.8 9.8h.01',
  shield: 'M12 3.5l7 2.5v5.5c0 4.5-3 7.5-7 9-4-1.5-7-4.5-7-9V6z',
  slash: 'M12 20.5a8.5 8.5 0 1 0 0-17 8.5 8.5 0 0 0 0 17zM6 6l12 12',
  stop: 'M7.5 7.5h9v9h-9z',
  thread: 'M4.5 5.5h15v11h-8l-4.5 3.5v-3.5h-2.5zM8.5 9.5h7M8.5 12.5h4.5',
  trash: 'M5 7h14M10 7V4.5h4V7M7 7l.8 12.5h8.4L17 7M10.5 10.5v6M13.5 10.5v6',
} as const;

/** The name of an icon. */
export type IconName = keyof typeof PATHS;

/** A decorative icon; the button around it has the label. */
export function Icon({ name, size = 20 }: { readonly name: IconName; readonly size?: number }) {
  return (
    <svg className="icon" viewBox="0 0 24 24" width={size} height={size} aria-hidden="true">
      <path d={PATHS[name]} />
    </svg>
  );
}
