exports.word = "second";
