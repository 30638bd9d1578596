# Press Run, type your name in the console, and press Enter.
BLUE, PINK, YELLOW, RESET = "\033[94m", "\033[95m", "\033[93m", "\033[0m"

print(f"{BLUE}Hello!{RESET} This is Python, running on the server.")
name = input("What is your name? ").strip() or "stranger"

text = f"Welcome, {name}!"
line = "─" * (len(text) + 2)
print(f"{PINK}╭{line}╮")
print(f"│ {YELLOW}{text}{PINK} │")
print(f"╰{line}╯{RESET}")
