"""The arithmetic of calc."""


def add(a: float, b: float) -> float:
    """The sum of a and b."""
    return a + b


def subtract(a: float, b: float) -> float:
    """What is left of a without b."""
    return a - b
