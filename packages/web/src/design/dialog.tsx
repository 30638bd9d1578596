/** A modal dialog on the platform's own `<dialog>`: focus stays inside, Escape and a click outside close it. */
import { X } from "lucide-react";
import { type ReactNode, useId, useLayoutEffect, useRef } from "react";
import "./dialog.css";

export type DialogProps = {
  readonly title: string;
  readonly onClose: () => void;
  readonly children: ReactNode;
};

export const Dialog = ({ title, onClose, children }: DialogProps) => {
  const dialog = useRef<HTMLDialogElement>(null);
  const isGone = useRef(false);
  const titleId = useId();
  // Closed by the browser before it is removed, so that the focus returns to where it was.
  useLayoutEffect(() => {
    const element = dialog.current;
    isGone.current = false;
    if (element?.open === false) element.showModal();
    return () => {
      isGone.current = true;
      element?.close();
    };
  }, []);
  return (
    <dialog
      ref={dialog}
      className="dialog"
      aria-labelledby={titleId}
      onClose={() => {
        if (!isGone.current) onClose();
      }}
      // A click outside closes, in browsers that know the attribute.
      {...{ closedby: "any" }}
    >
      <div className="dialog-body">
        <header className="dialog-header">
          <h2 id={titleId}>{title}</h2>
        </header>
        {children}
        {/* Last in order, so that a dialog opens with the keyboard on its first field. */}
        <button className="icon-button dialog-close" aria-label="Close" onClick={() => dialog.current?.close()}>
          <X size={17} />
        </button>
      </div>
    </dialog>
  );
};
