/** Renders the toasts, in a polite live region, so that screen readers announce them, and as a region of F6, so that the keyboard reaches them. */
import { X } from "lucide-react";
import { useEffect } from "react";
import { useStore } from "zustand";
import { dismissToast, keepToast, pauseToasts, runToastAction, toastStore } from "./toasts.ts";

export const ToastList = () => {
  const toasts = useStore(toastStore, (state) => state.toasts);
  useEffect(() => {
    // The toast under the pointer, or with the focus, was removed: there is no leave or blur event for it.
    if (toasts.length === 0) pauseToasts(false);
  }, [toasts]);
  return (
    // oxlint-disable-next-line jsx-a11y/no-noninteractive-element-interactions -- nothing is done here, only waited
    <output
      id="toasts"
      className="toasts"
      onPointerEnter={() => pauseToasts(true)}
      onPointerLeave={() => pauseToasts(false)}
      onFocus={() => pauseToasts(true)}
      onBlur={() => pauseToasts(false)}
    >
      {toasts.map((toast) => (
        <div key={toast.id} className="toast" data-tone={toast.tone}>
          <div className="toast-text">
            <span>{toast.text}</span>
            {toast.list && (
              <details onToggle={({ currentTarget }) => currentTarget.open && keepToast(toast.id)}>
                <summary>{toast.list.label}</summary>
                <ul>
                  {toast.list.items.map((item) => (
                    <li key={item}>{item}</li>
                  ))}
                </ul>
              </details>
            )}
          </div>
          {toast.action && (
            <button className="button button-quiet toast-action" onClick={() => runToastAction(toast.id)}>
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
