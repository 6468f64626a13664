"""All measurements in one table: `make bench`, which takes about an hour."""

from bench import scale, speed
from tests.helpers import fuzz, kills


def main() -> None:
    print("| what | measured | ratio or count |")
    print("| --- | --- | --- |")
    for make_rows in (speed.rows, scale.rows, fuzz.rows, kills.rows):
        for row in make_rows():
            print(f"| {' | '.join(row)} |", flush=True)


if __name__ == "__main__":
    main()
