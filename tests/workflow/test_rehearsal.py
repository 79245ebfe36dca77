"""The end of a run on a budget is rehearsed as often as there is time for."""

from pathlib import Path

import pytest

from tellapart.recipe import load_recipe
from tellapart.train.runs import RunFolder, RunRecord
from tellapart.workflow.rehearsal import Rehearsal


def _rehearsed(output: Path, budget: float, looks: list[float]) -> tuple[float, RunFolder]:
    """Rehearse an end whose looks take these seconds; return those of the end, and the folder."""
    folder = RunFolder.create(output, "run")
    record = RunRecord(source=None, fingerprint="", backend="", versions={}, budget=budget)
    folder.begin(load_recipe("guide"), record)
    rehearsal = Rehearsal(
        folder,
        lambda: folder.draft_path.write_bytes(b"bundle"),
        lambda: None,
        lambda: looks.pop(0),
    )
    return rehearsal.rehearse(keep=False), folder


@pytest.mark.parametrize(
    ("budget", "times"), [(20.0, 1), (30.0, 1), (180.0, 2)], ids=["short", "short too", "long"]
)
def test_the_end_is_rehearsed_a_second_time_only_where_that_is_a_small_part(
    budget: float, times: int, tmp_path: Path
) -> None:
    looks = [4.0, 2.0]
    seconds, folder = _rehearsed(tmp_path, budget, looks)
    assert len(looks) == 2 - times
    assert seconds == pytest.approx(1.15 * [4.0, 2.0][times - 1] + 1.5, abs=0.3)
    assert folder.bundle_path.read_bytes() == b"bundle"
    assert not folder.draft_path.exists()
