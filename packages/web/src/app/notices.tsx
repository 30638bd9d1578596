/** The strips below the bar: running is paused, the sign-in is gone, text of the reader's waits to be taken along. */
import { CirclePause } from "lucide-react";
import { useStore } from "zustand";
import { SignInStrip } from "../features/identity/sign-in-strip.tsx";
import { RecoveredText } from "../features/projects/recovered-text.tsx";
import { useApp } from "./services.ts";

const Paused = () => {
  const paused = useStore(useApp().runs, ({ pausedBecause }) => pausedBecause);
  if (paused === undefined) return null;
  return (
    <output className="notice" title={paused}>
      <CirclePause size={15} aria-hidden />
      <span>Editing and saving work. Running is paused.</span>
    </output>
  );
};

export const Notices = () => (
  <>
    <SignInStrip />
    <RecoveredText />
    <Paused />
  </>
);
