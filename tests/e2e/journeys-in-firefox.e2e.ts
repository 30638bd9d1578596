/** The first two journeys in Firefox; `npm run test:all` runs the others there, and tests of its differences. */
import { describe } from "vitest";
import { inFirefox, isFirefoxHere } from "../support/browsers/visitors.ts";
import { describeJourneys } from "./journeys.ts";

describe.skipIf(!isFirefoxHere)("Firefox", () => {
  describeJourneys(inFirefox, [1, 2]);
});
