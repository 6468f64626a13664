"""All figures in one table: `make bench`, which takes about an hour."""

from bench import scale, speed
from tests.helpers import fuzz, kills

print("| what | measured | ratio, or how many |")
print("| --- | --- | --- |")
for rows in (speed.rows, scale.rows, fuzz.rows, kills.rows):
    for row in rows():
        print(f"| {' | '.join(row)} |", flush=True)
