"""`python -m scripts.documents`: say what is out of date; with `--write`, bring it up to date."""

import sys

from scripts.documents.generate import main

sys.exit(main(sys.argv[1:]))
