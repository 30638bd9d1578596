// Press Run, type a number in the console, and press Enter.
program Main;
{$mode objfpc}{$H+}

uses SysUtils, Math;

type
  TGrid = array of array of Boolean;

function Neighbours(const Grid: TGrid; Row, Column: Integer): Integer;
var
  R, C: Integer;
begin
  Result := -Ord(Grid[Row, Column]);
  for R := Max(Row - 1, 0) to Min(Row + 1, High(Grid)) do
    for C := Max(Column - 1, 0) to Min(Column + 1, High(Grid[R])) do
      Inc(Result, Ord(Grid[R, C]));
end;

var
  Grid, Next: TGrid;
  Answer: String;
  Steps, Step, R, C: Integer;
begin
  Write('Hello from Pascal! How many steps shall the game of life take? ');
  ReadLn(Answer);
  Steps := EnsureRange(StrToIntDef(Trim(Answer), 4), 0, 50);
  SetLength(Grid, 9, 24);
  for C := 7 to 16 do Grid[4, C] := True;
  for Step := 1 to Steps do
  begin
    SetLength(Next, 9, 24);
    for R := 0 to 8 do
      for C := 0 to 23 do
        Next[R, C] := Neighbours(Grid, R, C) in [3 - Ord(Grid[R, C])..3];
    Grid := Copy(Next);
    Next := nil;
  end;
  for R := 0 to 8 do
  begin
    for C := 0 to 23 do Write(BoolToStr(Grid[R, C], '● ', '· '));
    WriteLn;
  end;
end.
