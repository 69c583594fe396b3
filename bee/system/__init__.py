"""This machine: clock, home, locks, processes, sockets, secrets, the desktop."""
