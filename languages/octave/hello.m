disp ("hello");
