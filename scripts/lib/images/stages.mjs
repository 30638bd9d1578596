// One percentage for a build of several stages: it never falls, and reaches 100 only at the end.

/**
 * @typedef {{ percent: number, step: string }} Progress
 * @typedef {(progress: Progress) => void} Tell
 * @typedef {(share: number, step?: string) => void} StageTell `share` of the stage, 0 to 1
 */

/**
 * @param {readonly (readonly [name: string, weight: number])[]} stages in their order; a weight is a share of the whole build's time
 * @param {Tell} tell is called only when the whole percentage or the step has changed
 */
export function createStages(stages, tell) {
  const total = stages.reduce((sum, [, weight]) => sum + weight, 0);
  let told = { percent: -1, step: "" };
  return {
    /**
     * @param {string} name
     * @param {string} firstStep
     * @returns {StageTell}
     */
    begin(name, firstStep) {
      const index = stages.findIndex(([one]) => one === name);
      if (index < 0) throw new Error(`${name} is no stage of this build`);
      const before = stages.slice(0, index).reduce((sum, [, weight]) => sum + weight, 0);
      const [, weight] = stages[index];
      const say = (share, step = firstStep) => {
        const reached = Math.floor((100 * (before + weight * Math.min(1, Math.max(0, share)))) / total);
        const next = { percent: Math.min(99, Math.max(told.percent, reached)), step };
        if (next.percent === told.percent && next.step === told.step) return;
        told = next;
        tell(next);
      };
      say(0);
      return say;
    },
  };
}
