begin
  WriteLn('hello');
end.
