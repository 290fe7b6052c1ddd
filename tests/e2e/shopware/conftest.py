"""One installation for all tests of the Shopware app; afterwards the three books must agree."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from shopware_installation import VERSIONS, Installation, an_installation


@pytest.fixture(scope="module")
def installation(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Installation]:
    with an_installation(tmp_path_factory.mktemp("shopware") / "data") as running:
        yield running
        for name in VERSIONS:
            found = running.books(name)
            assert found["shop"] == found["bridge"] == found["provider"], name
