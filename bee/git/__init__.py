"""git: every command is built here, from scratch and with a time limit; nothing of an agent's becomes an argument.

`command` runs one git command; `parse` checks its arguments and reads its output; `mirror` is the bare mirror of one
repository, and takes a stranger's pack into a quarantine; `workspace` makes clones that borrow the mirror's objects.
"""
