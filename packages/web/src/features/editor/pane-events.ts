/** What the heavy half tells the light half. */
import type { Participant, RecoveredCopy, SaveState } from "./ports.ts";

export interface PaneEvents {
  saveState(state: SaveState, fileId: string): void;
  participants(participants: readonly Participant[]): void;
  followEnded(): void;
  followedElsewhere(fileId: string): void;
  firstEdit(path: string): void;
  cursor(position: { line: number; column: number }): void;
  recovered(copy: RecoveredCopy): void;
}
