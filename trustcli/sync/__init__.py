"""How two ledgers become equal: a generator that asks, a function that answers. No IO.

`exchange` holds the questions and answers, `negentropy` the comparison of sets; transports carry them,
over HTTP for `trust sync` and over the mesh for `trust serve`.
"""
