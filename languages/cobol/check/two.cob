       >>SOURCE FORMAT FREE
identification division.
program-id. two.

data division.
linkage section.
01 word pic x(10).

procedure division using word.
    move "second" to word
    goback.
