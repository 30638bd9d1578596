       >>SOURCE FORMAT FREE
identification division.
program-id. words.

data division.
working-storage section.
01 arguments    pic 99.
01 argument     pic x(20).
01 number-now   pic 99.
01 line-read    pic x(20).
01 word         pic x(10).

procedure division.
    accept arguments from argument-number
    display "args: " with no advancing
    perform varying number-now from 1 by 1 until number-now > arguments
        accept argument from argument-value
        if number-now > 1
            display "|" with no advancing
        end-if
        display function trim(argument) with no advancing
    end-perform
    display " "
    accept line-read
    display "stdin: " function trim(line-read)
    call "two" using word
    display "file: " function trim(word)
    stop run returning 3.
