with Ada.Command_Line; use Ada.Command_Line;
with Ada.Text_IO;      use Ada.Text_IO;
with Two;

procedure Main is
begin
   Put ("args: ");
   for Number in 1 .. Argument_Count loop
      Put ((if Number > 1 then "|" else "") & Argument (Number));
   end loop;
   New_Line;
   Put_Line ("stdin: " & Get_Line);
   Put_Line ("file: " & Two.Word);
   Set_Exit_Status (3);
end Main;
