:- initialization(main, main).
:- use_module(words/two).

main :-
    current_prolog_flag(argv, Arguments),
    atomic_list_concat(Arguments, '|', Text),
    format("args: ~w~n", [Text]),
    read_line_to_string(user_input, Line),
    format("stdin: ~w~n", [Line]),
    word(Word),
    format("file: ~w~n", [Word]),
    halt(3).
