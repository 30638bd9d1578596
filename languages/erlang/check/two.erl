-module(two).
-export([word/0]).

word() -> "second".
