/** Friendly names for guests: shown beside cursors until the guest chooses a name. */
import { randomInt } from "node:crypto";

const MANNERS =
  "Amber Brave Brisk Calm Clever Coral Curious Dapper Gentle Golden Happy Jolly Keen Kind Lively Lucky Mellow Nimble Patient Plucky Quiet Rapid Silver Sunny Swift Tidy Vivid Warm Wise Witty".split(
    " ",
  );
const ANIMALS =
  "Badger Beaver Bison Crane Dolphin Falcon Ferret Finch Fox Gecko Hare Heron Ibis Jackdaw Koala Lark Lemur Lynx Marten Mole Newt Otter Owl Panda Puffin Raven Robin Seal Stoat Wren".split(
    " ",
  );

const pick = (words: readonly string[]): string => words[randomInt(words.length)] ?? "Guest";

export const createGuestName = (): string => `${pick(MANNERS)} ${pick(ANIMALS)}`;
