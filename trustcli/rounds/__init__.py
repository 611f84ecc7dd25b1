"""TrustMesh rounds: many proposals, one outcome, from local reputation alone. Pure; integers only.

`Round` takes in proposals and scores and says what to sign and which proposal is on top; `Agreement` is
the final synchronisation after it. Both know one node's table, tell nobody, and decide the same whatever
the order of arrival. docs/adr/0014-secrecy-of-the-table.md says why scores are what they are.
"""
