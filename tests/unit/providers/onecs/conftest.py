"""One sandbox and one house for all tests of this folder that need them; every test starts with empty books."""

from __future__ import annotations

import pytest
from onecs_stage import card_sandbox, card_stage

from stage import an_outside


@pytest.fixture(scope="session")
def onecs_sandbox(tmp_path_factory):
    with card_sandbox(tmp_path_factory.mktemp("onecs-sandbox")) as sandbox:
        yield sandbox


@pytest.fixture(scope="session")
def onecs_outside():
    with an_outside() as outside:
        yield outside


@pytest.fixture(scope="session")
def onecs_house(tmp_path_factory, onecs_sandbox, onecs_outside):
    with card_stage(tmp_path_factory.mktemp("onecs-house"), onecs_sandbox, onecs_outside) as stage:
        yield stage


@pytest.fixture
def cards(onecs_house):
    onecs_house.clear()
    return onecs_house
