! Press Run, type a number in the console, and press Enter.
module drawing
  implicit none
contains
  elemental function wave(x) result(y)
    real, intent(in) :: x
    real :: y
    y = sin(x) + sin(3 * x) / 3
  end function wave
end module drawing

program main
  use drawing
  implicit none
  integer :: rows, row, status
  real, allocatable :: heights(:)

  write (*, "(a)", advance="no") "Hello from Fortran! How many rows of the wave shall we draw? "
  read (*, *, iostat=status) rows
  if (status /= 0 .or. rows < 1 .or. rows > 60) rows = 24

  heights = wave([(row * 0.3, row = 1, rows)])
  do row = 1, rows
    print "(f7.3, a)", heights(row), repeat(" ", nint(24 + 24 * heights(row))) // "●"
  end do
  print "(a, f6.3)", "On average ", sum(heights) / size(heights)
end program main
