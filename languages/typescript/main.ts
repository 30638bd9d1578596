// Press Run, type a number in the console, and press Enter.
import { createInterface } from "node:readline/promises";

type Planet = { readonly name: string; readonly gravity: number };

const planets: readonly Planet[] = [
  { name: "Mercury", gravity: 0.38 },
  { name: "Mars", gravity: 0.38 },
  { name: "Jupiter", gravity: 2.53 },
  { name: "Neptune", gravity: 1.14 },
];

const terminal = createInterface({ input: process.stdin, output: process.stdout });
const answer = await terminal.question("How much do you weigh on Earth (kg)? ");
terminal.close();

const weight = Number.parseFloat(answer) || 70;
for (const { name, gravity } of planets) {
  const bar = "█".repeat(Math.round(gravity * 10));
  console.log(`${name.padEnd(8)} ${bar} ${(weight * gravity).toFixed(1)} kg`);
}
