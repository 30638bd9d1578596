% Press Run, type a number in the console, and press Enter.
-module(main).
-export([main/1]).

% Each process waits for a word, adds its own number and hands it on.
link_of_chain(Number, Next) ->
    receive
        {pass, Path} -> Next ! {pass, [Number | Path]}
    end.

chain(Count) ->
    lists:foldl(
        fun(Number, Next) -> spawn(fun() -> link_of_chain(Number, Next) end) end,
        self(),
        lists:seq(1, Count)
    ).

main(_) ->
    io:setopts([{encoding, unicode}]),
    Count =
        case io:fread("Hello from Erlang! How many processes shall form a chain? ", "~d") of
            {ok, [Answer]} when Answer > 0, Answer < 100 -> Answer;
            _ -> 7
        end,
    chain(Count) ! {pass, []},
    receive
        {pass, Path} -> io:format("~ts~nThe word went through ~b processes.~n", [arrows(Path), length(Path)])
    end.

arrows(Path) -> lists:join(" → ", [integer_to_list(Number) || Number <- lists:reverse(Path)]).
