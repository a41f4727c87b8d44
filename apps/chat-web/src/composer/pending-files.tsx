import { useEffect, useState } from 'react';
import { Icon } from '../ui/icon.js';
import { IconButton } from '../ui/icon-button.js';

interface PendingFilesProps {
  readonly files: readonly File[];
  onRemove(file: File): void;
}

/** The files that the next message has. */
export function PendingFiles({ files, onRemove }: PendingFilesProps) {
  if (files.length === 0) return null;
  return (
    <ul className="pending-files" aria-label="Files to send">
      {files.map((file, at) => (
        <li key={`${at}-${file.name}`}>
          <Preview file={file} />
          <span className="pending-name">{file.name}</span>
          <IconButton icon="cross" label={`Remove ${file.name}`} onClick={() => onRemove(file)} />
        </li>
      ))}
    </ul>
  );
}

function Preview({ file }: { readonly file: File }) {
  const [url, setUrl] = useState<string>();
  useEffect(() => {
    if (!file.type.startsWith('image/')) return undefined;
    const created = URL.createObjectURL(file);
    setUrl(created);
    return () => URL.revokeObjectURL(created);
  }, [file]);
  return url ? <img src={url} alt="" /> : <Icon name="paperclip" />;
}
