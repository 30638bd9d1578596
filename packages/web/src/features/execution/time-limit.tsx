/** The used share of a running program's time limit: a thin bar under the header; when it is full the program is stopped. */
import { useEffect, useState } from "react";
import type { ExecutionSummary } from "./run-store.ts";
import { durationWords } from "./status-words.ts";

const TICK_MS = 200;
/** From this share on the bar is emphasised. */
const NEARLY_OVER = 0.8;

export type TimeLimitProps = {
  readonly execution: ExecutionSummary;
  /** The program waits for input. */
  readonly isPaused: boolean;
};

/** The start of a run that was joined later; the page's clock may differ from the server's. */
const usedBeforeMs = ({ startedAt, limits }: ExecutionSummary): number => {
  const sinceMs = startedAt === null ? 0 : Date.now() - Date.parse(startedAt);
  return sinceMs > 0 && sinceMs < limits.wallMs ? sinceMs : 0;
};

export const TimeLimit = ({ execution, isPaused }: TimeLimitProps) => {
  const { wallMs } = execution.limits;
  const [usedMs, setUsedMs] = useState(() => usedBeforeMs(execution));
  useEffect(() => {
    if (isPaused) return undefined;
    let seenAt = performance.now();
    const timer = setInterval(() => {
      const now = performance.now();
      const passedMs = now - seenAt;
      seenAt = now;
      setUsedMs((used) => Math.min(wallMs, used + passedMs));
    }, TICK_MS);
    return () => clearInterval(timer);
  }, [isPaused, wallMs]);
  const share = usedMs / wallMs;
  return (
    <div
      // oxlint-disable-next-line jsx-a11y/prefer-tag-over-role -- not every browser can draw a meter element as a thin bar
      role="meter"
      className="time-limit"
      aria-label="Time used"
      aria-valuemin={0}
      aria-valuemax={Math.round(wallMs / 1000)}
      aria-valuenow={Math.round(usedMs / 1000)}
      aria-valuetext={`${Math.round(usedMs / 1000)} of ${durationWords(wallMs)}`}
      title={`Stops after ${durationWords(wallMs)}`}
      data-nearly={share > NEARLY_OVER || undefined}
    >
      <i style={{ transform: `scaleX(${share})` }} />
    </div>
  );
};
