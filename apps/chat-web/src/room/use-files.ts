import { useState, type DragEvent } from 'react';

/** The files for the next message, and the handlers of the area where they may be dropped. */
export interface FileDrop {
  readonly files: readonly File[];
  /** True while files are above the area. */
  readonly isOver: boolean;
  setFiles(files: readonly File[]): void;
  readonly handlers: {
    onDragOver(event: DragEvent): void;
    onDragLeave(event: DragEvent): void;
    onDrop(event: DragEvent): void;
  };
}

/** Collects files that are dropped, pasted or chosen. */
export function useFiles(): FileDrop {
  const [files, setFiles] = useState<readonly File[]>([]);
  const [isOver, setOver] = useState(false);
  return {
    files,
    isOver,
    setFiles,
    handlers: {
      onDragOver(event) {
        if (!event.dataTransfer.types.includes('Files')) return;
        event.preventDefault();
        setOver(true);
      },
      onDragLeave(event) {
        if (!event.currentTarget.contains(event.relatedTarget as Node | null)) setOver(false);
      },
      onDrop(event) {
        event.preventDefault();
        setOver(false);
        setFiles((before) => [...before, ...event.dataTransfer.files]);
      },
    },
  };
}
