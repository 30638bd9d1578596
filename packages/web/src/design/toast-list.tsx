/** Draws the toasts; a polite live region, so that they are heard as well. */
import { X } from "lucide-react";
import { useStore } from "zustand";
import { dismissToast, toastStore } from "./toasts.ts";

export const ToastList = () => {
  const toasts = useStore(toastStore, (state) => state.toasts);
  return (
    <output className="toasts">
      {toasts.map((toast) => (
        <div key={toast.id} className="toast" data-tone={toast.tone}>
          <span>{toast.text}</span>
          {toast.action && (
            <button
              className="button button-quiet toast-action"
              onClick={() => {
                toast.action?.run();
                dismissToast(toast.id);
              }}
            >
              {toast.action.label}
            </button>
          )}
          <button className="icon-button" aria-label="Dismiss" onClick={() => dismissToast(toast.id)}>
            <X size={15} />
          </button>
        </div>
      ))}
    </output>
  );
};
