"""`python3 -m calc`."""

import sys

from calc.cli import main

main(sys.argv[1:])
