"""What README and examples say is run here."""

import json
import re
import runpy
import shlex
import shutil
from pathlib import Path

import httpx
import pytest
from pydantic import BaseModel

import tellapart
from serving import command
from tellapart.__main__ import main
from tellapart.data.dataset import Dataset
from tellapart.recipe import Recipe, load_recipe, recipe_names, recipe_text
from tellapart.workflow.runs import Run

ROOT = Path(__file__).parent.parent
README = (ROOT / "README.md").read_text("utf-8")
SERVING = "tellapart serve"
TRAINING = (
    *("tellapart train", "tellapart cross-validate", "tellapart review"),
    "tellapart learning-curve",
)


def _commands() -> list[str]:
    """Return the README's `tellapart …` lines: in shell blocks and in its table."""
    blocks = "\n".join(re.findall(r"```(?:sh|console)\n(.*?)```", README, re.DOTALL))
    lines = re.findall(r"^(?:\$ )?(tellapart .*)$", blocks, re.MULTILINE)
    return sorted({*lines, *re.findall(r"`(tellapart [a-z][^`]*)`", README)})


def _words(command: str) -> list[str]:
    return shlex.split(command.split("#")[0].split("|")[0])[1:]


@pytest.fixture
def desk(in_tmp: Path, file_run: Run) -> Path:
    """Work in a folder that looks like the README's: pictures, and two finished runs."""
    for number in (1, 2):
        shutil.copytree(file_run.path, in_tmp / "runs" / f"fashion-mnist-{number}")
    shutil.copytree(ROOT / "examples" / "pictures", in_tmp / "examples" / "pictures")
    rows = "".join(f"{number},Bag\n" for number in range(10_000))
    (in_tmp / "answers.csv").write_text(f"image,label\n{rows}", "utf-8")
    for home in ("photos/shoes", "photos/clothes"):
        shutil.copytree(ROOT / "examples" / "pictures", in_tmp / home)
    return in_tmp


@pytest.mark.usefixtures("desk")
@pytest.mark.parametrize(
    "command", [c for c in _commands() if not c.startswith((*TRAINING, SERVING))]
)
def test_the_readmes_command_works(command: str) -> None:
    assert main(_words(command)) == 0


@pytest.mark.usefixtures("desk")
def test_the_readmes_servers_answer_and_end() -> None:
    commands = [c for c in _commands() if c.startswith(SERVING)]
    assert len(commands) == 2
    for line in commands:
        with command(_words(line)[1:]) as (process, url):
            assert httpx.get(f"{url}readyz").status_code == 200
            process.terminate()
            assert process.wait(30) == 0


@pytest.mark.parametrize("command", [c for c in _commands() if c.startswith(TRAINING)])
def test_the_readmes_training_command_is_understood(
    command: str, in_tmp: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Run it up to the data, which are not there; nor is a run to compare with."""
    words = [
        str(in_tmp / "none") if w in {"fashion-mnist", "photos/"} else w for w in _words(command)
    ]
    if "--labels" in words:
        patch = in_tmp / words[words.index("--labels") + 1]
        patch.parent.mkdir(parents=True)
        patch.write_text("image,given,label,decision\n", "utf-8")
        words = words[: words.index("--against")]
    code, message = main(words), capsys.readouterr().err
    wanted = (4, "is not a run") if "--resume" in words else (3, "no folder or file")
    assert code == wanted[0]
    assert wanted[1] in message


def test_the_readmes_python_is_the_quickstart() -> None:
    [block] = re.findall(r"```python\n(.*?)```", README, re.DOTALL)
    assert (ROOT / "examples" / "quickstart.py").read_text("utf-8").endswith(block)


def test_the_readme_has_no_placeholder_left() -> None:
    assert "@@" not in README


def test_every_file_that_the_readme_and_the_docs_name_exists() -> None:
    for page in [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *(ROOT / "docs").rglob("*.md")]:
        for target in re.findall(r"\]\(([^)#:]+)\)", page.read_text("utf-8")):
            assert (page.parent / target).exists(), (page, target)


def test_the_examples_ten_steps_run_on_a_slice(slice_of_fashion: Dataset, in_tmp: Path) -> None:
    script = ROOT / "examples" / "guide.py"
    assert len(script.read_text("utf-8").splitlines()) < 60
    run = runpy.run_path(str(script))["main"](slice_of_fashion, 1)
    assert run.evaluation.samples == 200
    assert {p.name for p in in_tmp.glob("*.png")} == {
        "first-look.png",
        "curves.png",
        "confusion.png",
    }


def test_the_network_of_ones_own_runs_on_a_slice(slice_of_fashion: Dataset, in_tmp: Path) -> None:
    run = runpy.run_path(str(ROOT / "examples" / "own_network.py"))["main"](slice_of_fashion, 1)
    assert run.recipe.model.name == "custom"
    assert run.recipe.data.validation == "holdout"
    assert list(in_tmp.iterdir()) == [in_tmp / "runs"]


def _fields(section: type[BaseModel], prefix: str = "") -> dict[str, object]:
    """Return the fields of a recipe by dotted key, with what they are where nobody says."""
    found: dict[str, object] = {}
    for name, field in section.model_fields.items():
        inner = field.annotation
        if isinstance(inner, type) and issubclass(inner, BaseModel):
            found |= _fields(inner, f"{name}.")
        else:
            found[prefix + name] = field.default
    return found


def test_the_page_on_recipes_has_every_field_with_its_default() -> None:
    page = (ROOT / "docs" / "recipes.md").read_text("utf-8")
    rows = dict(re.findall(r"^\| `([\w.]+)` \| (.*?) \|", page, re.MULTILINE))
    assert rows.pop("name") == "–"
    wanted = _fields(Recipe)
    del wanted["name"]
    spelt = {key: json.dumps(v) if v != "" else "empty" for key, v in wanted.items()}
    assert {key: text.strip("`").strip('"') for key, text in rows.items()} == {
        key: text.strip('"') for key, text in spelt.items()
    }


@pytest.mark.slow
def test_the_quickstart_reaches_the_guides_accuracy_on_the_whole_data(
    in_tmp: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    shutil.copytree(ROOT / "examples" / "pictures", in_tmp / "examples" / "pictures")
    found = runpy.run_path(str(ROOT / "examples" / "quickstart.py"))
    assert found["run"].evaluation.accuracy.value >= 0.900
    assert found["answer"].label in {"Shirt", "T-shirt/top", "Pullover", "Coat"}
    assert "121930 parameters" in capsys.readouterr().out


@pytest.mark.parametrize("name", recipe_names())
def test_a_recipes_smoke_variant_trains(
    name: str, slice_of_fashion: Dataset, tmp_path: Path
) -> None:
    sides = {"image.height": 28, "image.width": 28, "image.channels": 1}
    recipe = load_recipe(name, sides).smoke()
    run = tellapart.train(slice_of_fashion, recipe, output=tmp_path, quiet=True)
    assert len(run.history) == 1


@pytest.mark.parametrize("name", recipe_names())
def test_a_recipes_header_states_result_seeds_time_machine_and_command(name: str) -> None:
    header = recipe_text(name).split("name =")[0]
    for word in ("accuracy", "±", "seeds", "minutes", "cores", "tellapart train", "tensorflow"):
        assert word in header, word


def test_no_file_of_the_project_names_a_registrys_host() -> None:
    hosts = ["pypi." + "org", "deb.debian." + "org", "npmjs." + "org", "pythonhosted." + "org"]
    folders = ("src", "tests", "docs", "examples", "benchmarks", ".ci")
    files = [p for folder in folders for p in (ROOT / folder).rglob("*") if p.is_file()]
    files += [p for p in ROOT.iterdir() if p.is_file()]
    for path in files:
        if path.suffix in {".py", ".md", ".toml", ""} and "__pycache__" not in path.parts:
            text = path.read_text("utf-8")
            assert not [host for host in hosts if host in text], path
