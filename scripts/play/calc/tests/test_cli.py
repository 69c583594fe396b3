import contextlib
import io
import unittest

from calc import cli


def run(*argv):
    """The exit status, standard output and standard error of one call of main."""
    out, err = io.StringIO(), io.StringIO()
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
        status = cli.main(list(argv))
    return status, out.getvalue(), err.getvalue()


class CliTest(unittest.TestCase):
    def test_add(self):
        self.assertEqual(run("add", "2", "3"), (0, "5\n", ""))

    def test_subtract(self):
        self.assertEqual(run("subtract", "5", "3"), (0, "2\n", ""))


if __name__ == "__main__":
    unittest.main()
