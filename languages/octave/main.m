% Press Run, type a number in the console, and press Enter.
fputs (stdout, "Hello from Octave! How large shall the magic square be? ");
fflush (stdout);
size = str2double (fgetl (stdin));
if isnan (size) || size < 3 || size > 12 || fix (size) != size
  size = 5;
end

square = magic (size);
disp (square);

sums = [sum(square), sum(square, 2)', trace(square)];
disp (["Each row, column and diagonal adds up to ", num2str(unique (sums)), "."]);
disp (["Its determinant is ", num2str(round (det (square))), ", its rank ", num2str(rank (square)), "."]);
