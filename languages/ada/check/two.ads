package Two is
   Word : constant String := "second";
end Two;
