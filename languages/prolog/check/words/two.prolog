:- module(two, [word/1]).

word(second).
