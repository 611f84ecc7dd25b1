"""Boot vectors of profile trust-ed25519-1: (name, key, signature, message, accepted)."""

# Made by tests/vectors/make_boot_vectors.py; do not edit.
BOOT_VECTORS: tuple[tuple[str, str, str, str, bool], ...] = (
    (
        "valid",
        "4f8af1054d121399475f623d04b95506f8b226f26d2e399bec0a5de5f0ad0bfb",
        "00cc9b6996bdff80b1f9d3397acb72134ea8b340aebbaf4a3ee5ee3f889dd6b53c08501904d82951fa562a08cb588b2d178246130245564212cf1bb66dcb6608",  # noqa: E501
        "7472757374636c6920626f6f74",
        True,
    ),
    (
        "valid-empty-message",
        "4f8af1054d121399475f623d04b95506f8b226f26d2e399bec0a5de5f0ad0bfb",
        "00cc9b6996bdff80b1f9d3397acb72134ea8b340aebbaf4a3ee5ee3f889dd6b55a0b9d64361b85a546ce840b16bbc6c18151aa99268ef5cf8193d90360c61c0c",  # noqa: E501
        "",
        True,
    ),
    (
        "valid-long-message",
        "4f8af1054d121399475f623d04b95506f8b226f26d2e399bec0a5de5f0ad0bfb",
        "00cc9b6996bdff80b1f9d3397acb72134ea8b340aebbaf4a3ee5ee3f889dd6b5ee9c0cb291fd49f504ba4d82be3cef91626b01d42e2e5b13f5ec53c6287df202",  # noqa: E501
        "ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff",  # noqa: E501
        True,
    ),
    (
        "other-message",
        "4f8af1054d121399475f623d04b95506f8b226f26d2e399bec0a5de5f0ad0bfb",
        "00cc9b6996bdff80b1f9d3397acb72134ea8b340aebbaf4a3ee5ee3f889dd6b53c08501904d82951fa562a08cb588b2d178246130245564212cf1bb66dcb6608",  # noqa: E501
        "7472757374636c6920626f6f7421",
        False,
    ),
    (
        "flipped-r",
        "4f8af1054d121399475f623d04b95506f8b226f26d2e399bec0a5de5f0ad0bfb",
        "01cc9b6996bdff80b1f9d3397acb72134ea8b340aebbaf4a3ee5ee3f889dd6b53c08501904d82951fa562a08cb588b2d178246130245564212cf1bb66dcb6608",  # noqa: E501
        "7472757374636c6920626f6f74",
        False,
    ),
    (
        "flipped-s",
        "4f8af1054d121399475f623d04b95506f8b226f26d2e399bec0a5de5f0ad0bfb",
        "00cc9b6996bdff80b1f9d3397acb72134ea8b340aebbaf4a3ee5ee3f889dd6b53d08501904d82951fa562a08cb588b2d178246130245564212cf1bb66dcb6608",  # noqa: E501
        "7472757374636c6920626f6f74",
        False,
    ),
    (
        "s-plus-l",
        "4f8af1054d121399475f623d04b95506f8b226f26d2e399bec0a5de5f0ad0bfb",
        "00cc9b6996bdff80b1f9d3397acb72134ea8b340aebbaf4a3ee5ee3f889dd6b529dc45761e3b3ca9d0f321aba9526a42178246130245564212cf1bb66dcb6618",  # noqa: E501
        "7472757374636c6920626f6f74",
        False,
    ),
    (
        "s-plus-2l",
        "4f8af1054d121399475f623d04b95506f8b226f26d2e399bec0a5de5f0ad0bfb",
        "00cc9b6996bdff80b1f9d3397acb72134ea8b340aebbaf4a3ee5ee3f889dd6b516b03bd3389e4e01a790194e884c4957178246130245564212cf1bb66dcb6628",  # noqa: E501
        "7472757374636c6920626f6f74",
        False,
    ),
    (
        "s-zero-r-zero",
        "4f8af1054d121399475f623d04b95506f8b226f26d2e399bec0a5de5f0ad0bfb",
        "00000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000",  # noqa: E501
        "7472757374636c6920626f6f74",
        False,
    ),
    (
        "small-order-key-0",
        "0100000000000000000000000000000000000000000000000000000000000000",
        "00cc9b6996bdff80b1f9d3397acb72134ea8b340aebbaf4a3ee5ee3f889dd6b52e3a08d29750f771bce45593e19223002a2832bacbf80d58f3f473dc1e006e09",  # noqa: E501
        "736d616c6c2030",
        False,
    ),
    (
        "small-order-key-1",
        "c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a",
        "00cc9b6996bdff80b1f9d3397acb72134ea8b340aebbaf4a3ee5ee3f889dd6b52e3a08d29750f771bce45593e19223002a2832bacbf80d58f3f473dc1e006e09",  # noqa: E501
        "736d616c6c2031",
        False,
    ),
    (
        "small-order-key-2",
        "0000000000000000000000000000000000000000000000000000000000000080",
        "00cc9b6996bdff80b1f9d3397acb72134ea8b340aebbaf4a3ee5ee3f889dd6b52e3a08d29750f771bce45593e19223002a2832bacbf80d58f3f473dc1e006e09",  # noqa: E501
        "736d616c6c2035",
        False,
    ),
    (
        "small-order-key-3",
        "26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05",
        "00cc9b6996bdff80b1f9d3397acb72134ea8b340aebbaf4a3ee5ee3f889dd6b52e3a08d29750f771bce45593e19223002a2832bacbf80d58f3f473dc1e006e09",  # noqa: E501
        "736d616c6c2036",
        False,
    ),
    (
        "small-order-key-4",
        "ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
        "00cc9b6996bdff80b1f9d3397acb72134ea8b340aebbaf4a3ee5ee3f889dd6b52e3a08d29750f771bce45593e19223002a2832bacbf80d58f3f473dc1e006e09",  # noqa: E501
        "736d616c6c2030",
        False,
    ),
    (
        "small-order-key-5",
        "26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc85",
        "00cc9b6996bdff80b1f9d3397acb72134ea8b340aebbaf4a3ee5ee3f889dd6b52e3a08d29750f771bce45593e19223002a2832bacbf80d58f3f473dc1e006e09",  # noqa: E501
        "736d616c6c2038",
        False,
    ),
    (
        "small-order-key-6",
        "0000000000000000000000000000000000000000000000000000000000000000",
        "00cc9b6996bdff80b1f9d3397acb72134ea8b340aebbaf4a3ee5ee3f889dd6b52e3a08d29750f771bce45593e19223002a2832bacbf80d58f3f473dc1e006e09",  # noqa: E501
        "736d616c6c2032",
        False,
    ),
    (
        "small-order-key-7",
        "c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac03fa",
        "00cc9b6996bdff80b1f9d3397acb72134ea8b340aebbaf4a3ee5ee3f889dd6b52e3a08d29750f771bce45593e19223002a2832bacbf80d58f3f473dc1e006e09",  # noqa: E501
        "736d616c6c2033",
        False,
    ),
    (
        "key-y-above-p",
        "eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
        "00cc9b6996bdff80b1f9d3397acb72134ea8b340aebbaf4a3ee5ee3f889dd6b52e3a08d29750f771bce45593e19223002a2832bacbf80d58f3f473dc1e006e09",  # noqa: E501
        "7472757374636c6920626f6f74",
        False,
    ),
    (
        "key-minus-zero",
        "0100000000000000000000000000000000000000000000000000000000000080",
        "00cc9b6996bdff80b1f9d3397acb72134ea8b340aebbaf4a3ee5ee3f889dd6b52e3a08d29750f771bce45593e19223002a2832bacbf80d58f3f473dc1e006e09",  # noqa: E501
        "7472757374636c6920626f6f74",
        False,
    ),
    (
        "key-off-curve",
        "0200000000000000000000000000000000000000000000000000000000000000",
        "00cc9b6996bdff80b1f9d3397acb72134ea8b340aebbaf4a3ee5ee3f889dd6b53c08501904d82951fa562a08cb588b2d178246130245564212cf1bb66dcb6608",  # noqa: E501
        "7472757374636c6920626f6f74",
        False,
    ),
    (
        "key-zero",
        "0000000000000000000000000000000000000000000000000000000000000000",
        "00cc9b6996bdff80b1f9d3397acb72134ea8b340aebbaf4a3ee5ee3f889dd6b53c08501904d82951fa562a08cb588b2d178246130245564212cf1bb66dcb6608",  # noqa: E501
        "7472757374636c6920626f6f74",
        False,
    ),
    (
        "mixed-key-cofactorless",
        "94cf8e55bdbd4deeebce0e589d1c407dd13b05c452304f2995a49937acda2ed3",
        "00cc9b6996bdff80b1f9d3397acb72134ea8b340aebbaf4a3ee5ee3f889dd6b5a376d5793aa11a12ee9d04426b6405f51556fa3c973dfca101f7eded1a364c05",  # noqa: E501
        "6d697865642035",
        False,
    ),
    (
        "mixed-key-cofactored",
        "94cf8e55bdbd4deeebce0e589d1c407dd13b05c452304f2995a49937acda2ed3",
        "00cc9b6996bdff80b1f9d3397acb72134ea8b340aebbaf4a3ee5ee3f889dd6b5ab8d57f74502c0fef5e82b320de1e14d2576891cde4367eb4571fe029c5ad004",  # noqa: E501
        "6d69786564",
        False,
    ),
    (
        "mixed-r-cofactored",
        "4f8af1054d121399475f623d04b95506f8b226f26d2e399bec0a5de5f0ad0bfb",
        "82fd99b50287669045a64ca3a83fb5144f647308790ccf470b0b010439463e33adacf249081412e99f87c9cd2e2f8540eacf3d1384cbb5a0f2575f247936ea02",  # noqa: E501
        "7472757374636c6920626f6f74",
        False,
    ),
    (
        "small-order-r",
        "4f8af1054d121399475f623d04b95506f8b226f26d2e399bec0a5de5f0ad0bfb",
        "0100000000000000000000000000000000000000000000000000000000000000840c9d53165c133732881fb95619a3f778e191fc6bcfc5e4786de801d0c9b307",  # noqa: E501
        "7472757374636c6920626f6f74",
        False,
    ),
    (
        "non-canonical-r",
        "4f8af1054d121399475f623d04b95506f8b226f26d2e399bec0a5de5f0ad0bfb",
        "eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f2ee12ab1498db94c6e863f870a495fff42af3aedfa9edeee3410ad2a919bd20c",  # noqa: E501
        "7472757374636c6920626f6f74",
        False,
    ),
    (
        "short-signature",
        "4f8af1054d121399475f623d04b95506f8b226f26d2e399bec0a5de5f0ad0bfb",
        "00cc9b6996bdff80b1f9d3397acb72134ea8b340aebbaf4a3ee5ee3f889dd6b53c08501904d82951fa562a08cb588b2d178246130245564212cf1bb66dcb66",  # noqa: E501
        "7472757374636c6920626f6f74",
        False,
    ),
    (
        "long-signature",
        "4f8af1054d121399475f623d04b95506f8b226f26d2e399bec0a5de5f0ad0bfb",
        "00cc9b6996bdff80b1f9d3397acb72134ea8b340aebbaf4a3ee5ee3f889dd6b53c08501904d82951fa562a08cb588b2d178246130245564212cf1bb66dcb660800",  # noqa: E501
        "7472757374636c6920626f6f74",
        False,
    ),
    (
        "short-key",
        "4f8af1054d121399475f623d04b95506f8b226f26d2e399bec0a5de5f0ad0b",
        "00cc9b6996bdff80b1f9d3397acb72134ea8b340aebbaf4a3ee5ee3f889dd6b53c08501904d82951fa562a08cb588b2d178246130245564212cf1bb66dcb6608",  # noqa: E501
        "7472757374636c6920626f6f74",
        False,
    ),
)
