"""The command line of calc."""

import argparse

from calc import core

OPERATIONS = {
    "add": core.add,
    "subtract": core.subtract,
}


def main(argv: list[str]) -> int:
    """Run one operation, print its result, return the exit status."""
    parser = argparse.ArgumentParser(prog="calc")
    parser.add_argument("operation", choices=OPERATIONS)
    parser.add_argument("a", type=float)
    parser.add_argument("b", type=float)
    args = parser.parse_args(argv)
    result = OPERATIONS[args.operation](args.a, args.b)
    print(f"{result:g}")
    return 0
