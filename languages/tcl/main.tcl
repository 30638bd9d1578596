# Press Run, type a number in the console, and press Enter.
puts -nonewline "Hello from Tcl! How many steps shall the dragon's path have? "
flush stdout
if {[gets stdin folds] < 0 || ![string is integer -strict $folds] || $folds < 1 || $folds > 8} {
    set folds 6
}

proc dragon {folds} {
    if {$folds == 0} return
    set half [dragon [expr {$folds - 1}]]
    set back [lmap turn [lreverse $half] {expr {$turn eq "L" ? "R" : "L"}}]
    return [concat $half L $back]
}

set turns [dragon $folds]
array set times {L 0 R 0}
foreach turn $turns {incr times($turn)}
puts [string map {L "↰" R "↱" " " ""} $turns]
puts "[llength $turns] turns: $times(L) to the left, $times(R) to the right"
