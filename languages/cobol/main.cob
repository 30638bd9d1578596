      *> Press Run, type an amount in the console, and press Enter.
       >>SOURCE FORMAT FREE
identification division.
program-id. savings.

data division.
working-storage section.
01 answer        pic x(12).
01 amount        pic 9(7)v99 value 1000.
01 rate          pic 9v999 value 0.045.
01 year-number   pic 99.
01 shown         pic zz,zzz,zz9.99.

procedure division.
    display "Hello from COBOL! How much do you save? " with no advancing
    accept answer
    if function test-numval(answer) = 0 and function numval(answer) > 0
        move function numval(answer) to amount
    end-if

    perform varying year-number from 1 by 1 until year-number > 10
        compute amount rounded = amount * (1 + rate)
        move amount to shown
        display "After year " year-number ": " shown
    end-perform
    stop run.
