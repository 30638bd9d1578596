program main
  use words, only: word
  implicit none
  character(80) :: text
  integer :: number

  write (*, "(a)", advance="no") "args: "
  do number = 1, command_argument_count()
    call get_command_argument(number, text)
    if (number > 1) write (*, "(a)", advance="no") "|"
    write (*, "(a)", advance="no") trim(text)
  end do
  print *
  read (*, "(a)") text
  print "(2a)", "stdin: ", trim(text)
  print "(2a)", "file: ", word
  call exit(3)
end program main
