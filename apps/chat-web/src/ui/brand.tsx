/** The logo and the name. */
export function Brand() {
  return (
    <span className="brand">
      <svg viewBox="0 0 40 20" width="34" height="17" aria-hidden="true">
        <path d="M5 15c7 0 8-10 15-10s8 10 15 10" className="brand-wire" />
        <circle cx="5" cy="15" r="3.6" className="brand-here" />
        <circle cx="35" cy="15" r="3.6" className="brand-there" />
      </svg>
      nestwire
    </span>
  );
}
