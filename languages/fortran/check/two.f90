module words
  implicit none
  character(*), parameter :: word = "second"
end module words
