export const word: string = "second";
