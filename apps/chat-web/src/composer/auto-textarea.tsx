import { useLayoutEffect, useRef, type Ref, type TextareaHTMLAttributes } from 'react';

interface AutoTextareaProps extends TextareaHTMLAttributes<HTMLTextAreaElement> {
  readonly value: string;
  readonly fieldRef?: Ref<HTMLTextAreaElement>;
  onValue(value: string, cursor: number): void;
}

/** A text field that grows with its lines. */
export function AutoTextarea({ value, onValue, fieldRef, ...rest }: AutoTextareaProps) {
  const own = useRef<HTMLTextAreaElement>(null);
  useLayoutEffect(() => {
    const field = own.current!;
    field.style.height = 'auto';
    field.style.height = `${field.scrollHeight}px`;
  }, [value]);
  useLayoutEffect(() => {
    if (rest.autoFocus) own.current!.setSelectionRange(value.length, value.length);
  }, []);
  return (
    <textarea
      ref={(field) => {
        own.current = field;
        if (typeof fieldRef === 'function') fieldRef(field);
        else if (fieldRef) fieldRef.current = field;
      }}
      value={value}
      rows={1}
      dir="auto"
      onChange={({ target }) => onValue(target.value, target.selectionStart)}
      {...rest}
    />
  );
}
