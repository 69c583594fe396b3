"""`bee demo`: the whole belt on an embedded GitHub, on real parts, in a folder of its own.

`project` and `rehearsal` say what is built, `stage` sets it up, `person` plays the people, `drive` runs the ticks,
`screen` shows them, `summary` tells how it ended. `agent.py` is a program of its own: the scripted agent.
"""
