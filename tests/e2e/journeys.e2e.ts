/** The five journeys in Chromium. */
import { inChromium } from "../support/browsers/visitors.ts";
import { describeJourneys } from "./journeys.ts";

describeJourneys(inChromium, [1, 2, 3, 4, 5]);
