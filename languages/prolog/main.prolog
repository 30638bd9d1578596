% Press Run, type a name in the console, and press Enter.
:- initialization(main, main).

parent(zeus, athena).
parent(zeus, apollo).
parent(leto, apollo).
parent(kronos, zeus).
parent(rhea, zeus).
parent(apollo, asclepius).

ancestor(Older, Younger) :- parent(Older, Younger).
ancestor(Older, Younger) :- parent(Older, Between), ancestor(Between, Younger).

asked(Name) :-
    write('Hello from Prolog! Whose ancestors shall we find? '), flush_output,
    read_line_to_string(user_input, Line), string(Line),
    string_lower(Line, Lower), normalize_space(atom(Name), Lower),
    ancestor(_, Name), !.
asked(asclepius).

main :-
    asked(Name),
    forall(ancestor(Older, Name), format("~w is an ancestor of ~w.~n", [Older, Name])),
    aggregate_all(count, ancestor(_, Name), Count),
    format("That makes ~d.~n", [Count]).
