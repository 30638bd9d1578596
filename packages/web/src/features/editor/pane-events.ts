/** Events from the large part of the editor to the small one. */
import type { Problem } from "./problems/problem.ts";
import type { EditorStatus, Participant, RecoveredCopy, SaveState } from "./ports.ts";

export interface PaneEvents {
  saveState(state: SaveState, fileId: string): void;
  participants(participants: readonly Participant[]): void;
  followEnded(): void;
  followedElsewhere(fileId: string): void;
  firstEdit(path: string): void;
  status(status: EditorStatus | undefined): void;
  /** Of the shown file. */
  problems(problems: readonly Problem[]): void;
  recovered(copy: RecoveredCopy): void;
}
