import { describeChannel } from "../ports.contract.ts";
import { createMemoryChannels } from "./memory-channel.ts";

describeChannel("memory", async (reserve) => {
  const [near, far] = createMemoryChannels(reserve);
  return { near, far, overrunBytes: 0 };
});
