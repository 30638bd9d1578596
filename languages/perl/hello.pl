print "hello", $/;
