disp (["args: ", strjoin(argv ()', "|")]);
disp (["stdin: ", fgetl(stdin)]);
disp (["file: ", two()]);
exit (3);
