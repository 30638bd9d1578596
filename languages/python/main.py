# Press Run, type your name in the console, and press Enter.
print("Hello! This is Python, running on the server.")
name = input("What is your name? ").strip() or "stranger"

text = f"Welcome, {name}!"
line = "─" * (len(text) + 2)
print(f"╭{line}╮")
print(f"│ {text} │")
print(f"╰{line}╯")
