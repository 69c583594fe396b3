"""The forge: an embedded GitHub that serves the part of its API which bee and ordinary clients use.

It imports nothing of bee outside this package, and is reached over HTTP and git only.
"""
