let () =
  print_endline ("args: " ^ String.concat "|" (List.tl (Array.to_list Sys.argv)));
  print_endline ("stdin: " ^ read_line ());
  print_endline ("file: " ^ Two.word);
  exit 3
