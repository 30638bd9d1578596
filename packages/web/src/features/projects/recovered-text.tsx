/** Lists text that could not be saved, with buttons to copy it or to download it as a file. */
import { FilePen } from "lucide-react";
import { useState } from "react";
import { useStore } from "zustand";
import { useApp } from "../../app/services.ts";
import { copyText } from "../../app/clipboard.ts";
import type { RecoveredCopy } from "../editor/index.ts";
import { nameOf } from "../files/entries.ts";
import { saveBlob } from "../files/save-blob.ts";
import { removeRecovered } from "./recovered-store.ts";

const download = ({ path, text }: RecoveredCopy): void =>
  saveBlob(new Blob([text], { type: "text/plain" }), nameOf(path));

const Recovered = ({ copy }: { readonly copy: RecoveredCopy }) => {
  const { editor, recovered } = useApp();
  const [isCopied, setCopied] = useState(false);
  const toClipboard = (): void => {
    void copyText(copy.text).then((isDone) => {
      setCopied(isDone);
      // Without a clipboard the text can be saved as a file.
      if (!isDone) download(copy);
    });
  };
  const dismiss = (): void => {
    editor.discardRecovered(copy);
    removeRecovered(recovered, copy);
  };
  return (
    <output className="notice">
      <FilePen size={15} aria-hidden />
      <span>
        What you typed in <b>{nameOf(copy.path)}</b> could not be saved there. It is kept on this device.
      </span>
      <button className="link-button" onClick={toClipboard}>
        {isCopied ? "Copied" : "Copy"}
      </button>
      <button className="link-button" onClick={() => download(copy)}>
        Download
      </button>
      <button className="link-button" aria-label={`Discard the text of ${nameOf(copy.path)}`} onClick={dismiss}>
        Discard
      </button>
    </output>
  );
};

export const RecoveredText = () => {
  const copies = useStore(useApp().recovered, (state) => state.copies);
  return copies.map((copy) => <Recovered key={`${copy.fileId} ${copy.keptAt}`} copy={copy} />);
};
