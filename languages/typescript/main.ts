// Press Run, type a number in the console, and press Enter.
import { createInterface } from "node:readline/promises";

type Planet = { readonly name: string; readonly gravity: number; readonly color: number };

const planets: readonly Planet[] = [
  { name: "Mercury", gravity: 0.38, color: 90 },
  { name: "Mars", gravity: 0.38, color: 91 },
  { name: "Jupiter", gravity: 2.53, color: 93 },
  { name: "Neptune", gravity: 1.14, color: 94 },
];

const terminal = createInterface({ input: process.stdin, output: process.stdout });
const answer = await terminal.question("How much do you weigh on Earth (kg)? ");
terminal.close();

const weight = Number.parseFloat(answer) || 70;
for (const { name, gravity, color } of planets) {
  const bar = "█".repeat(Math.round(gravity * 10));
  console.log(`\x1b[${color}m${name.padEnd(8)} ${bar}\x1b[0m ${(weight * gravity).toFixed(1)} kg`);
}
