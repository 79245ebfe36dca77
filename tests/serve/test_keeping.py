"""The next labelling queue."""

import io
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

import tellapart
from serving import serving
from tellapart.data.corrections import correct_labels
from tellapart.data.layout import Layout
from tellapart.data.patch import patch_to_csv, read_patch
from tellapart.errors import UsageError
from tellapart.predict.prediction import Choice, Prediction
from tellapart.serve.keeping import Keeper, Room
from tellapart.serve.service import Settings

UNSURE = Prediction(
    name="",
    choices=(Choice(label="Coat", probability=0.5), Choice(label="Shirt", probability=0.4)),
    verdict="unsure",
)


def _picture(seed: int) -> bytes:
    content = io.BytesIO()
    pixels = np.random.default_rng(seed).integers(0, 255, (8, 8), np.uint8)
    Image.fromarray(pixels).save(content, "PNG")
    return content.getvalue()


@pytest.fixture
def counts() -> list[str]:
    return []


@pytest.fixture
def keep(tmp_path: Path, counts: list[str]) -> Callable[..., Keeper]:
    """Return what makes a keeper in an empty folder."""

    def make(room: Room | None = None) -> Keeper:
        return Keeper(tmp_path / "queue", room or Room(), counts.append, counts.append)

    return make


def test_pictures_are_kept_once_as_they_came(
    keep: Callable[..., Keeper], tmp_path: Path, counts: list[str]
) -> None:
    for _ in range(2):  # the second time in another life
        keeper = keep()
        for seed in (1, 2, 1):
            keeper.offer(_picture(seed), UNSURE)
        keeper.offer(b"no picture", UNSURE)
        keeper.close()
    kept = {path.read_bytes() for path in (tmp_path / "queue" / "pictures").iterdir()}
    assert kept == {_picture(1), _picture(2)}
    assert counts == ["kept", "kept"]
    patch = read_patch(tmp_path / "queue" / "labels.patch.csv")
    assert [(row.given, row.label, row.decision) for row in patch.rows] == [
        ("Coat", "Shirt", "")
    ] * 2


def test_no_more_is_kept_than_there_is_room(
    keep: Callable[..., Keeper], tmp_path: Path, counts: list[str]
) -> None:
    keeper = keep(Room(images=3))
    for seed in range(5):
        keeper.offer(_picture(seed), UNSURE)
    keeper.close()
    again = keep(Room(images=99, size_bytes=4 * len(_picture(0)) + 20))
    for seed in range(5, 9):
        again.offer(_picture(seed), UNSURE)
    again.close()
    assert len(list((tmp_path / "queue" / "pictures").iterdir())) == 4
    assert counts.count("left-out") == 5


def test_a_file_that_somebody_has_begun_to_decide_in_is_not_written_again(
    keep: Callable[..., Keeper], tmp_path: Path
) -> None:
    keeper = keep()
    table = tmp_path / "queue" / "labels.patch.csv"
    keeper.offer(_picture(1), UNSURE)
    for _ in range(200):
        if table.exists():
            break
        time.sleep(0.05)
    decided = table.read_text("utf-8").replace("Shirt,\n", "Shirt,relabel\n")
    table.write_text(decided, "utf-8")
    keeper.offer(_picture(2), UNSURE)
    keeper.close()
    assert table.read_text("utf-8") == decided
    assert len(read_patch(table).rows) == 1
    assert len(read_patch(tmp_path / "queue" / "labels-2.patch.csv").rows) == 1


def test_a_folder_that_cannot_be_made_is_told(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"")
    with pytest.raises(UsageError, match="--keep-unsure"):
        Keeper(tmp_path / "file", Room(), print, print)


def test_a_full_disk_ends_the_keeping_and_not_the_server(
    small_disk: Path, counts: list[str]
) -> None:
    said: list[str] = []
    keeper = Keeper(small_disk, Room(), said.append, counts.append)
    noise = np.random.default_rng(0).integers(0, 255, (400, 400), np.uint8)
    content = io.BytesIO()
    Image.fromarray(noise).save(content, "PNG")
    keeper.offer(content.getvalue(), UNSURE)
    keeper.offer(_picture(1), UNSURE)
    keeper.close()
    assert len(said) == 1
    assert "no longer kept" in said[0]
    assert counts == ["left-out"]


def test_what_a_server_keeps_can_be_decided_about_and_trained_on(
    served_bundle: Path, pictures: list[bytes], tmp_path: Path
) -> None:
    folder = tmp_path / "queue"
    with serving({"clothes": served_bundle}, Settings(keep_unsure=folder)) as running:
        assert running.client.get("v1/models").json()["keeps_unsure"] is True
        form = [("images", (f"{n}.png", file)) for n, file in enumerate(pictures)]
        top = {"top": 1}  # of which the table knows nothing
        found = running.client.post("v1/predict", files=form, params=top).json()["predictions"]
        forced = {"always_answer": True}
        running.client.post("v1/predict", content=pictures[0], params=forced)
    unsure = {pictures[n] for n, answer in enumerate(found) if answer["verdict"] == "unsure"}
    assert unsure
    assert {path.read_bytes() for path in (folder / "pictures").iterdir()} == unsure
    assert {len(answer["choices"]) for answer in found} == {1}
    table = folder / "labels.patch.csv"
    assert all(row.label != row.given for row in read_patch(table).rows)
    first, second, *rest = read_patch(table).rows
    other = next(row for row in rest if row.given != first.label)
    decisions = {first: "relabel", second: "drop", other: "keep"}
    decided = [replace(row, decision=decisions.get(row, "")) for row in (first, second, *rest)]
    table.write_bytes(patch_to_csv(decided))
    assert sorted(tellapart.load(table, quiet=True).train.labels) == sorted(
        [first.label, other.given]
    )
    data = tellapart.load(str(table), layout=Layout(label="given"), quiet=True)
    corrected, record = correct_labels(data, read_patch(table))
    assert (record.relabelled, record.dropped, record.kept) == (1, 1, 1)
    assert len(corrected.train) == len(unsure) - 1
