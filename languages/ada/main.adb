-- Press Run, type a number in the console, and press Enter.
with Ada.Text_IO; use Ada.Text_IO;

procedure Main is
   subtype Width is Integer range 1 .. 30;

   function Asked return Width is
   begin
      return Width'Value (Get_Line);
   exception
      when Constraint_Error | End_Error => return 12;
   end Asked;

   task type Painter is
      entry Paint (Row : Width; Size : Width);
   end Painter;

   task body Painter is
   begin
      loop
         select
            accept Paint (Row : Width; Size : Width) do
               for Column in Width'First .. Size loop
                  Put (if (Row + Column) mod 2 = 0 then "▓▓" else "░░");
               end loop;
               New_Line;
            end Paint;
         or
            terminate;
         end select;
      end loop;
   end Painter;

   Worker : Painter;
begin
   Put ("Hello from Ada! How wide shall the board be? ");
   declare
      Size : constant Width := Asked;
   begin
      for Row in 1 .. (Size + 1) / 2 loop
         Worker.Paint (Row, Size);
      end loop;
   end;
end Main;
