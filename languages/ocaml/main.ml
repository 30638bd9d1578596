(* Press Run, type a sum such as 3 + 4 * 2 in the console, and press Enter. *)
type sum = Number of int | Plus of sum * sum | Times of sum * sum

let rec value = function
  | Number n -> n
  | Plus (a, b) -> value a + value b
  | Times (a, b) -> value a * value b

let rec draw indent = function
  | Number n -> print_endline (indent ^ string_of_int n)
  | Plus (a, b) -> branch indent "+" a b
  | Times (a, b) -> branch indent "×" a b

and branch indent sign a b =
  print_endline (indent ^ sign);
  draw (indent ^ "   ") a;
  draw (indent ^ "   ") b

let parse text =
  let join make = function [] -> Number 0 | first :: rest -> List.fold_left make first rest in
  let number part = Number (Option.value (int_of_string_opt (String.trim part)) ~default:1) in
  let product part = join (fun a b -> Times (a, b)) (List.map number (String.split_on_char '*' part)) in
  join (fun a b -> Plus (a, b)) (List.map product (String.split_on_char '+' text))

let () =
  print_string "Hello from OCaml! Which sum shall we take apart? ";
  let answer = try read_line () with End_of_file -> "" in
  let sum = parse (if String.trim answer = "" then "3 + 4 * 2" else answer) in
  draw "" sum;
  print_endline ("It is " ^ string_of_int (value sum) ^ ".")
