/** The order in which Vitest takes test files: the longest first, so that its workers end together. */
import { BaseSequencer, type TestSpecification } from "vitest/node";

/** Seconds that were measured once, for a first run; later ones know each file's time. */
const roughSeconds: readonly (readonly [file: string, seconds: number])[] = [
  ["/adapters/gvisor.test.ts", 300],
  ["/adapters/bubblewrap.test.ts", 150],
  ["/execution/tiers.test.ts", 60],
  ["/sql/adapters/embedded-postgres.test.ts", 40],
];

/** Files with a process of their own come first; then project by project, because only files of one project share a process. */
export class LongestFirst extends BaseSequencer {
  /** @param files what is to run, of all projects */
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const seconds = (file: TestSpecification): number => {
      const known = this.ctx.cache.getTestSpecificationResult(file)?.duration;
      if (known !== undefined) return known / 1000;
      return roughSeconds.find(([path]) => file.moduleId.endsWith(path))?.[1] ?? 0;
    };
    const rank = (file: TestSpecification): string => {
      const { isolate, name, sequence } = file.project.config;
      return `${sequence.groupOrder} ${isolate ? "0" : `1 ${name}`}`;
    };
    const keyed = (await super.sort(files)).map((file) => ({ file, rank: rank(file), seconds: seconds(file) }));
    return keyed
      .toSorted((a, b) => (a.rank === b.rank ? b.seconds - a.seconds : a.rank < b.rank ? -1 : 1))
      .map(({ file }) => file);
  }
}
