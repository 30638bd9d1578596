/** Shows the comparison with an older version while its file is shown. */
import { useEffect } from "react";
import { useStore } from "zustand";
import { createLatePart } from "../../app/late-part.tsx";
import { useApp } from "../../app/services.ts";
import type { GroupSide } from "../editor/index.ts";
import { groupAt } from "./tabs-store.ts";

const Comparison = createLatePart(async () => (await import("./comparison.tsx")).Comparison);

export const ComparisonCover = ({ side }: { readonly side: GroupSide }) => {
  const app = useApp();
  const fileId = useStore(app.comparison, (now) => (now.side === side ? now.fileId : undefined));
  const shown = useStore(app.tabs, (tabs) => groupAt(tabs, side)?.shown);
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
  return <Comparison with={{ entry, side, onClose: close }} onClose={close} />;
};
