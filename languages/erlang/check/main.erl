-module(main).
-export([main/1]).

main(Args) ->
    io:format("args: ~s~n", [lists:join("|", Args)]),
    io:format("stdin: ~s~n", [string:trim(io:get_line(""))]),
    io:format("file: ~s~n", [two:word()]),
    halt(3).
