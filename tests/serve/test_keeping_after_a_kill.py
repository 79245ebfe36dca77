"""Pictures that a killed server had kept, and not yet written into the table."""

import subprocess
import sys
from pathlib import Path

from tellapart.data.patch import read_patch
from tellapart.predict.prediction import Choice, Prediction
from tellapart.serve.keeping import Keeper, Room

UNSURE = Prediction(
    name="",
    choices=(Choice(label="Coat", probability=0.5), Choice(label="Shirt", probability=0.4)),
    verdict="unsure",
)

KILLED = """
import os, sys, time
from pathlib import Path
from tellapart.predict.prediction import Prediction
from tellapart.serve import keeping

keeping._IDLE_SECONDS = 60.0  # the table is not written before the end
answer = Prediction.model_validate_json(sys.argv[3])
keeper = keeping.Keeper(Path(sys.argv[1]), keeping.Room(), print, print)
keeper.offer(Path(sys.argv[2]).read_bytes(), answer)
while not list(Path(sys.argv[1], "pictures").glob("*.png")):
    time.sleep(0.01)
os.kill(os.getpid(), 9)
"""


def _kill_over(folder: Path, picture: Path) -> None:
    line = [sys.executable, "-c", KILLED, str(folder), str(picture), UNSURE.model_dump_json()]
    assert subprocess.run(line, check=False, timeout=120).returncode == -9


def _offer(folder: Path, contents: list[bytes], room: Room | None = None) -> list[str]:
    counts: list[str] = []
    keeper = Keeper(folder, room or Room(), counts.append, counts.append)
    for content in contents:
        keeper.offer(content, UNSURE)
    keeper.close()
    return counts


def test_a_picture_whose_row_was_lost_gets_one_when_it_is_offered_again(
    pictures: list[bytes], tmp_path: Path
) -> None:
    folder, file = tmp_path / "queue", tmp_path / "a.png"
    file.write_bytes(pictures[0])
    _kill_over(folder, file)
    assert not list(folder.glob("*.csv"))
    full = Room(images=1)  # it has its place already
    assert _offer(folder, [pictures[0], pictures[1], pictures[0]], full) == ["kept", "left-out"]
    (row,) = read_patch(folder / "labels.patch.csv").rows
    assert (folder / row.image).read_bytes() == pictures[0]
    assert (row.given, row.label) == ("Coat", "Shirt")
    assert _offer(folder, [pictures[0]]) == []  # it stands in a table now
    assert len(list(folder.glob("*.csv"))) == 1


def test_pictures_in_a_table_that_somebody_has_changed_are_known_as_well(
    pictures: list[bytes], tmp_path: Path
) -> None:
    folder = tmp_path / "queue"
    _offer(folder, pictures[:2])
    table = folder / "labels.patch.csv"
    changed = table.read_text("utf-8").replace(",", ";").replace("Shirt", "Ä")
    table.write_text(changed, "latin-1")  # as another program writes it
    table.rename(folder / "labels-mine.patch.csv")
    assert _offer(folder, pictures[:3]) == ["kept"]
