interface FoundProps {
  readonly text: string;
  readonly wanted: string;
}

const BEFORE = 40;

/** A text around the first place of a word, which is marked. */
export function Found({ text, wanted }: FoundProps) {
  const at = text.toLocaleLowerCase().indexOf(wanted.trim().toLocaleLowerCase());
  if (at < 0 || wanted.trim() === '') return <span className="found">{text}</span>;
  const end = at + wanted.trim().length;
  const start = Math.max(0, at - BEFORE);
  return (
    <span className="found" dir="auto">
      {start > 0 && '…'}
      {text.slice(start, at)}
      <mark>{text.slice(at, end)}</mark>
      {text.slice(end)}
    </span>
  );
}
