"""The AgentProof mesh as a state machine without input, output, clock or randomness of its own.

`machine.Mesh` takes frames and times and gives back actions. The daemon drives it over WebSockets; the
virtual network of the tests drives the same class through loss, partition and attack.
"""
