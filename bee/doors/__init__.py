"""The only floor that reads the environment, prints and exits."""
