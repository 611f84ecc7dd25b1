"""Trust models against real rating data.

A protocol hides ratings from a model and asks for them: `loo` each one, with all others known; `prequential`
each one from strictly earlier ones; `fraud` who of some labelled nodes is a fraud, with the ratings hidden
that made the labels. The protocols hold the ratings; a model is given what it may see and nothing else.
"""
