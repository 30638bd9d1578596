// Press Run, type a number in the console, and press Enter.
use std::io::{self, Write};

#[derive(Clone, Copy, PartialEq)]
enum Cell {
    Alive,
    Dead,
}

/** The next row by rule 30: a cell lives if the left one differs from the other two together. */
fn next(row: &[Cell]) -> Vec<Cell> {
    let at = |i: isize| *usize::try_from(i).ok().and_then(|i| row.get(i)).unwrap_or(&Cell::Dead) == Cell::Alive;
    let lives = |i: isize| at(i - 1) != (at(i) || at(i + 1));
    (0..row.len() as isize).map(|i| if lives(i) { Cell::Alive } else { Cell::Dead }).collect()
}

fn main() -> io::Result<()> {
    print!("Hello from Rust! How many rows shall grow? ");
    io::stdout().flush()?;
    let mut answer = String::new();
    io::stdin().read_line(&mut answer)?;
    let rows = answer.trim().parse().ok().filter(|rows| (1..=40).contains(rows)).unwrap_or(16);

    let mut row = vec![Cell::Dead; 2 * rows + 1];
    row[rows] = Cell::Alive;
    for _ in 0..rows {
        println!("{}", row.iter().map(|cell| if *cell == Cell::Alive { '█' } else { ' ' }).collect::<String>());
        row = next(&row);
    }
    Ok(())
}
