mod words;

fn main() {
    println!("args: {}", std::env::args().skip(1).collect::<Vec<_>>().join("|"));
    let mut line = String::new();
    std::io::stdin().read_line(&mut line).unwrap();
    println!("stdin: {}", line.trim());
    println!("file: {}", words::WORD);
    std::process::exit(3);
}
