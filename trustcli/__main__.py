"""`python -m trustcli` is the same program as `trust`."""

import sys

from trustcli.cli import main

sys.exit(main())
