const PATHS = {
  menu: 'M4 7h16M4 12h16M4 17h10',
  cross: 'M6 6l12 12M18 6L6 18',
  plus: 'M12 5v14M5 12h14',
  send: 'M12 19V5M6 11l6-6 6 6',
  megaphone: 'M4 10v4h3l9 5V5l-9 5H4zM19.5 9a4 4 0 0 1 0 6',
  leave: 'M14 5H6v14h8M10 12h10M17 8.5l3.5 3.5-3.5 3.5',
} as const;

/** A decorative icon; the button around it has the label. */
export function Icon({ name }: { name: keyof typeof PATHS }) {
  return (
    <svg className="icon" viewBox="0 0 24 24" width="20" height="20" aria-hidden="true">
      <path d={PATHS[name]} />
    </svg>
  );
}
