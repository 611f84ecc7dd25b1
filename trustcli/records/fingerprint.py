"""A key in words two people can compare by voice, and in a few characters for a table.

Eight words are 64 bits of SHA-256 over the public key: a second key with the same words takes 2⁶⁴
tries, and eight words can still be read out on the telephone. The words differ from one another in their
first three letters and in at least three letters altogether. Their order is part of the format:
changing it changes what every key is called.
"""

from __future__ import annotations

import hashlib

from trustcli.records.did import key_of

DOMAIN = b"trustcli/fingerprint/v1\n"
COUNT = 8  # words, eight bits each
WORDS = """
acorn airport album almond anchor antelope apple artist atlas attic avenue bagel bamboo banjo
bathtub beaver bedroom bicycle birch biscuit blanket blossom border bottle branch bridge broccoli
bubble buffalo butter cabbage cactus camera captain castle celery ceramic chapel cheese chimney
church cinnamon circus clover coconut coffee comet copper cottage cowboy cradle cricket crystal
cucumber cushion cyclist daffodil dancer daughter desert diamond doctor dolphin dragon drizzle duck
eagle eclipse elbow elephant emerald empire fabric falcon fence festival fiddle finger flamingo
flute football forest fossil fountain freezer frog furnace gadget galaxy garden gazelle gecko
giraffe glacier globe gondola grape guitar gymnast hammer harbor hedgehog helmet hexagon hickory
holiday horizon hospital hotel iceberg igloo iguana insect island ivory january jasmine jelly jersey
jigsaw journal jukebox jungle kangaroo karate kayak kennel kidney kitchen koala ladder lagoon
lantern laptop laundry leather lemon lettuce library lizard lobster lunch machine magnet mailbox
meadow midnight mineral mirror mitten monkey mosquito muffin museum napkin nectar needle nephew
network notebook nugget nutmeg oasis ocean october office omelet onion opera orbit ostrich pajamas
pancake paper parrot peanut pelican pencil piano pickle pigeon pillow pizza pony popcorn potato
pretzel pudding pumpkin puzzle pyramid quarry queen quilt rabbit radish rainbow razor recipe rhubarb
ribbon rubber safari sapphire scarf school sculptor shampoo sheriff sidewalk silver sleeve snail
soccer solar spider spoon squirrel stadium sunset sweater syrup teapot tennis thimble thunder
tornado tractor treasure trombone trumpet tulip turtle tuxedo ukulele umbrella uniform upstairs
vacuum valley vanilla village violin vitamin volcano voyage vulture waffle walnut weekend whisper
wombat workshop yogurt zebra zigzag
""".split()


def words(did: str) -> str:
    """Return the eight words, joined by `-`, of the key that `did` names.

    Raises:
        RecordRefused: `bad_key` unless `did` is canonical.
    """
    digest = hashlib.sha256(DOMAIN + key_of(did)).digest()
    return "-".join(WORDS[byte] for byte in digest[:COUNT])


def short(did: str) -> str:
    """Return a did:key as in `z6Mki…ooWp`: for tables, never for a comparison.

    Raises:
        RecordRefused: `bad_key` unless `did` is canonical.
    """
    key_of(did)
    return f"{did[8:13]}…{did[-4:]}"
