/** Where the comparison with an older version is shown, while its file is. */
import { useEffect } from "react";
import { useStore } from "zustand";
import { createLatePart } from "../../app/late-part.tsx";
import { useApp } from "../../app/services.ts";

const Comparison = createLatePart(async () => (await import("./comparison.tsx")).Comparison);

export const ComparisonCover = () => {
  const app = useApp();
  const fileId = useStore(app.comparison, (comparison) => comparison.fileId);
  const shown = useStore(app.tabs, (tabs) => tabs.shown);
  const entry = useStore(app.files, ({ entries }) => entries.get(fileId ?? ""));
  const isOver = fileId !== undefined && (fileId !== shown || !entry);
  useEffect(() => {
    if (isOver) app.comparison.setState({ fileId: undefined });
  }, [app, isOver]);
  if (!entry || isOver) return null;
  const close = (): void => {
    app.comparison.setState({ fileId: undefined });
    requestAnimationFrame(() => app.editor.focus());
  };
  return <Comparison with={{ entry, onClose: close }} onClose={close} />;
};
