import { useId, type InputHTMLAttributes } from 'react';

interface TextFieldProps extends Omit<InputHTMLAttributes<HTMLInputElement>, 'onChange' | 'id'> {
  readonly label: string;
  readonly value: string;
  onValue(value: string): void;
}

/** A line of text with a label above it. */
export function TextField({ label, value, onValue, ...rest }: TextFieldProps) {
  const id = useId();
  return (
    <div className="text-field">
      <label htmlFor={id}>{label}</label>
      <input id={id} value={value} onChange={({ target }) => onValue(target.value)} dir="auto" {...rest} />
    </div>
  );
}
