pub const WORD: &str = "second";
