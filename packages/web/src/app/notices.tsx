/** The strip below the bar for what concerns everybody: running is paused. */
import { CirclePause } from "lucide-react";
import { useStore } from "zustand";
import { useApp } from "./services.ts";

export const Notices = () => {
  const paused = useStore(useApp().runs, ({ pausedBecause }) => pausedBecause);
  if (paused === undefined) return null;
  return (
    <output className="notice" title={paused}>
      <CirclePause size={15} aria-hidden />
      <span>Editing and saving work. Running is paused.</span>
    </output>
  );
};
