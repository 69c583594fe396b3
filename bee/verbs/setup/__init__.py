"""Set-up and inspection: what `bee init` writes, and what `bee doctor` looks at.

`machine` knows this machine, `write` carries a set-up out, `checkup` looks at everything and changes nothing.
"""
