function text = two ()
  text = "second";
end
