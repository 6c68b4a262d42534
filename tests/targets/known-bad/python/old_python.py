"""What releases expect that were written for Python before 3.10: abstract classes in `collections`."""

import collections
import collections.abc

for name in ("Iterable", "Mapping"):
    setattr(collections, name, getattr(collections.abc, name))
