"""Virtual networks on a virtual clock, attackers included. They run the very code of `trustcli.rounds`.

Everything random comes from one seed: the same seed gives the same run, message by message. Nothing here
signs: statements are made by whom they name.
"""
