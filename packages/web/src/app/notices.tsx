/** The strips below the bar: running is paused, the sign-in has ended, unsaved text can be saved elsewhere. */
import { CirclePause, Hourglass } from "lucide-react";
import { useStore } from "zustand";
import { SignInStrip } from "../features/identity/sign-in-strip.tsx";
import { RecoveredText } from "../features/projects/recovered-text.tsx";
import { useApp } from "./services.ts";

const Paused = () => {
  const { pausedBecause: paused, isPreparing } = useStore(useApp().runs);
  if (paused === undefined) return null;
  if (isPreparing) {
    return (
      <output className="notice" title={paused}>
        <Hourglass size={15} aria-hidden />
        <span>This server is still preparing to run programs. Editing and saving work.</span>
      </output>
    );
  }
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
