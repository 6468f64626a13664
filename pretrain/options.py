"""Options of the command line, which DVC fills in from pretrain/params.yaml."""

import argparse


def read(program, description, **options):
    """Read the command line; all options are required.

    Args:
        program: name of the program, for its help.
        description: of the program.
        options: for each name, `(kind, meaning)`: a function that turns text into a value
            or raises an error, and a line of help.

    Returns:
        A namespace with the values.

    Raises:
        SystemExit: if an option is missing, unknown or wrong; argparse says which.
    """
    parser = argparse.ArgumentParser(prog=program, description=description, allow_abbrev=False)
    for name, (kind, meaning) in options.items():
        parser.add_argument(f"--{name}", type=kind, required=True, help=meaning)
    return parser.parse_args()


def count(text):
    """Read an integer of at least 1."""
    number = int(text)
    if number < 1:
        raise argparse.ArgumentTypeError(f"{number}; expected at least 1")
    return number
