import { useEffect, useRef, useState, type ReactNode } from 'react';
import { IconButton } from './icon-button.js';
import './dialog.css';

interface DialogProps {
  readonly title: string;
  readonly children: ReactNode;
  onClose(): void;
}

/** A modal dialog; the browser keeps the focus in it, and Escape closes it. */
export function Dialog({ title, children, onClose }: DialogProps) {
  const dialog = useRef<HTMLDialogElement>(null);
  // A closed dialog takes no focus, so its content follows.
  const [isOpen, setOpen] = useState(false);
  useEffect(() => {
    const element = dialog.current!;
    element.showModal();
    setOpen(true);
    return () => element.close();
  }, []);
  return (
    <dialog
      ref={dialog}
      aria-label={title}
      onCancel={(event) => {
        event.preventDefault();
        onClose();
      }}
      // The browser closes the dialog; the panel below stays.
      onKeyDown={(event) => event.key === 'Escape' && event.stopPropagation()}
      onClick={(event) => event.target === dialog.current && onClose()}
    >
      <div className="dialog-box">
        <header>
          <h2>{title}</h2>
          <IconButton icon="cross" label="Close" onClick={onClose} />
        </header>
        {isOpen && children}
      </div>
    </dialog>
  );
}
