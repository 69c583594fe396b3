import unittest

from calc import core


class CoreTest(unittest.TestCase):
    def test_add(self):
        self.assertEqual(core.add(2, 3), 5)

    def test_subtract(self):
        self.assertEqual(core.subtract(5, 3), 2)


if __name__ == "__main__":
    unittest.main()
