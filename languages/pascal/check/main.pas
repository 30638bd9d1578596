program Main;

uses Two;

var
  Number: Integer;
  Line: String;
begin
  Write('args: ');
  for Number := 1 to ParamCount do
  begin
    if Number > 1 then Write('|');
    Write(ParamStr(Number));
  end;
  WriteLn;
  ReadLn(Line);
  WriteLn('stdin: ', Line);
  WriteLn('file: ', Word2);
  Halt(3);
end.
