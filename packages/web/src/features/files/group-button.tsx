/** Splits the editor, or joins its groups; at the end of the tabs of the last group. */
import { Columns2, Square } from "lucide-react";
import { useStore } from "zustand";
import { keyWords } from "../../app/commands/key-binding.ts";
import { useApp } from "../../app/services.ts";
import { JOIN_COMMAND, SPLIT_COMMAND } from "./group-commands.ts";

export const GroupButton = () => {
  const { commands, tabs } = useApp();
  const isSplit = useStore(tabs, ({ beside }) => beside !== undefined);
  const hasFile = useStore(tabs, ({ shown }) => shown !== undefined);
  if (!hasFile) return null;
  const label = isSplit ? "Join the groups" : "Split the editor";
  return (
    <button
      className="icon-button group-button"
      aria-label={label}
      title={isSplit ? label : `${label} (${keyWords("Mod+\\")})`}
      onClick={() => commands.run(isSplit ? JOIN_COMMAND : SPLIT_COMMAND)}
    >
      {isSplit ? <Square size={15} /> : <Columns2 size={15} />}
    </button>
  );
};
