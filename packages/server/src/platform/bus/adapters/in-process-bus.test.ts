import { describeBus } from "../ports.contract.ts";
import { createInProcessBus } from "./in-process-bus.ts";

describeBus("in process", async (log) => ({ bus: createInProcessBus(log), settle: () => Promise.resolve() }));
