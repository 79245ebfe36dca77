"""What a predictor says about which pixels decided: records, drawings, files."""

import io
import json
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

import tellapart
from tellapart.__main__ import main
from tellapart.data.dataset import Dataset
from tellapart.errors import ImageError, ModelError, UsageError
from tellapart.explain.explainer import METHODS, Explainer
from tellapart.explain.explanation import Explanation, undo_fit
from tellapart.explain.overlay import blend
from tellapart.images.decode import decode_picture
from tellapart.images.showing import LONGEST_SIDE, open_shown
from tellapart.models.catalogue import build_network
from tellapart.predict.runtimes import KerasRuntime
from tellapart.sections import ImageSpec
from tellapart.workflow.runs import Run


@pytest.fixture(scope="module")
def pixels(slice_of_fashion: Dataset) -> np.ndarray:
    return slice_of_fashion.test.decode(ImageSpec()).pixels


@pytest.fixture
def shirt(pixels: np.ndarray, in_tmp: Path) -> str:
    Image.fromarray(pixels[0, :, :, 0]).save(in_tmp / "shirt.png")
    return "shirt.png"


def test_a_picture_is_explained_for_its_most_probable_class(run: Run, pixels: np.ndarray) -> None:
    found = run.model.explain(pixels[0])
    answer = run.model.predict(pixels[0])
    assert isinstance(found, Explanation)
    assert (found.label, found.method) == (answer.label, "occlusion")
    assert found.probability == pytest.approx(answer.probability, abs=1e-6)
    assert found.map.shape == (28, 28)
    assert found.map.dtype == np.float32
    assert (found.map.min(), found.map.max()) == (0, 1)
    assert found.scores is not None
    assert (found.scores.agreement is None) == (run.model.runtime == "onnx")
    assert found.label in found.verdict
    assert found.label in str(found)
    assert json.loads(found.to_json())["scores"]["random_orders"] == 19


@pytest.mark.parametrize("method", sorted(set(METHODS) - {"cam"}))
def test_method_and_class_can_be_chosen(run: Run, pixels: np.ndarray, method: str) -> None:
    found = tellapart.explain(run.model, pixels[0], method=method, class_name="Bag", check=False)
    assert (found.method, found.label, found.scores) == (method, "Bag", None)
    assert "not checked" in found.verdict


def test_several_pictures_give_a_list(run: Run, pixels: np.ndarray) -> None:
    found = tellapart.explain(run.path / "model.tellapart", pixels[:2], check=False)
    assert [one.name for one in found] == ["picture 0", "picture 1"]


def test_mistakes_are_named(run: Run, pixels: np.ndarray) -> None:
    with pytest.raises(UsageError, match="Did you mean 'Bag'"):
        run.model.explain(pixels[0], class_name="Bga")
    with pytest.raises(UsageError, match="Unknown method 'gradcam'"):
        run.model.explain(pixels[0], method="gradcam")
    with pytest.raises(ModelError, match="global average pooling"):
        run.model.explain(pixels[0], method="cam")
    with pytest.raises(ImageError):
        run.model.explain(b"no picture")


def test_a_classifier_without_a_network_is_explained_by_occlusion(pixels: np.ndarray) -> None:
    def brightness(pictures: np.ndarray) -> np.ndarray:
        share = pictures.mean(axis=(1, 2, 3)) / 255
        return np.stack([share, 1 - share], axis=1).astype(np.float32)

    explainer = Explainer(brightness, ("light", "dark"), ImageSpec())
    found = explainer.explain("it", pixels[0], open_shown(pixels[0], "it"))
    assert found.method == "occlusion"
    assert found.scores is not None
    assert found.scores.agreement is None
    with pytest.raises(ModelError, match="Fix: --method occlusion"):
        explainer.explain("it", pixels[0], open_shown(pixels[0], "it"), method="grad-cam")


@pytest.mark.parametrize("fit", ["pad", "crop", "stretch"])
@pytest.mark.parametrize("size", [(90, 40), (40, 90), (28, 28), (30, 60)])
def test_a_map_lies_on_the_whole_picture_where_the_network_saw_it(
    fit: str, size: tuple[int, int]
) -> None:
    """Take the picture itself as the map: undoing the fit gives it back, but what was cropped."""
    width, height = size
    ramp = np.linspace(40, 250, height)[:, None] * np.linspace(0.3, 1, width)[None]
    image = ImageSpec.model_validate({"fit": fit, "background": 0})
    picture = Image.fromarray(ramp.astype(np.uint8))
    seen = (decode_picture(picture, image).pixels[:, :, 0] / 255).astype(np.float32)
    back = undo_fit(seen, size, image)
    assert back.shape == (height, width)
    wanted = ramp / 255
    if fit == "crop":
        left, top = max(0, (width - height) // 2), max(0, (height - width) // 2)
        inside = np.zeros_like(wanted, bool)
        side = min(size)
        inside[top : top + side, left : left + side] = True
        assert np.abs(back - wanted)[inside].mean() < 0.05
        assert back[~inside].max(initial=0) == 0
    else:
        assert np.abs(back - wanted).mean() < 0.05


@pytest.mark.parametrize("fit", ["pad", "crop", "stretch"])
@pytest.mark.parametrize("size", [(1, 3000), (3000, 1), (1, 1)])
def test_the_thinnest_picture_gets_a_map_of_its_size(fit: str, size: tuple[int, int]) -> None:
    back = undo_fit(np.ones((28, 28), np.float32), size, ImageSpec.model_validate({"fit": fit}))
    assert back.shape == size[::-1]
    assert back.max() == 1


def test_a_turned_photo_is_shown_upright_and_no_larger_than_a_screen() -> None:
    photo = Image.new("RGB", (3000, 1000), "red")
    photo.putpixel((0, 0), (0, 0, 255))
    exif = photo.getexif()
    exif[0x0112] = 6
    file = io.BytesIO()
    photo.save(file, "JPEG", exif=exif)
    shown = open_shown(file.getvalue(), "photo.jpg")
    assert shown.size == (1000, 3000)
    assert shown.pixels.shape == (LONGEST_SIDE, 341, 3)


def test_where_the_map_is_cold_the_picture_stays_as_it_is(pixels: np.ndarray) -> None:
    heat = np.zeros((28, 28), np.float32)
    heat[10, 10] = 1
    blended = blend(pixels[0], heat)
    changed = (blended != pixels[0]).any(axis=2)
    assert set(zip(*np.nonzero(changed), strict=True)) <= {(10, 10)}


def test_a_drawing_names_class_probability_method_and_verdict(run: Run, pixels: np.ndarray) -> None:
    found = run.model.explain(pixels[0], check=False)
    figure = found.show()
    texts = [figure.get_suptitle(), figure.get_supxlabel(), figure.axes[1].get_title()]
    assert texts[0] == f"{found.label}  {found.probability:.1%}"
    assert texts[1] == found.verdict
    assert texts[2] == f"for {found.label}, by occlusion"
    assert found._repr_png_().startswith(b"\x89PNG")


def test_the_command_writes_drawings_and_arrays_and_overwrites_nothing(
    run: Run, shirt: str, capsys: pytest.CaptureFixture[str]
) -> None:
    model = str(run.path / "model.tellapart")
    assert main(["explain", model, shirt, "--array", "-q", "--json"]) == 0
    [record] = json.loads(capsys.readouterr().out)
    assert record["picture"] == "shirt-explained.png"
    assert np.load(record["array"], allow_pickle=False).shape == (28, 28)
    first = Path(record["picture"]).read_bytes()
    assert main(["explain", model, shirt, "--class", "Bag", "--no-check"]) == 0
    assert "shirt-explained-2.png" in capsys.readouterr().out
    assert Path(record["picture"]).read_bytes() == first


def test_the_command_goes_on_after_a_picture_that_cannot_be_read(
    run: Run, shirt: str, capsys: pytest.CaptureFixture[str]
) -> None:
    model = str(run.path / "model.tellapart")
    Path("broken.png").write_bytes(b"no picture")
    words = ["broken.png", shirt, "-o", "maps", "--method", "occlusion", "--no-check", "-q"]
    assert main(["explain", model, *words]) == 3
    streams = capsys.readouterr()
    assert "unknown-format" in streams.out
    assert "1 of 2" in streams.err
    assert [path.name for path in Path("maps").iterdir()] == ["shirt-explained.png"]


@pytest.mark.parametrize(
    ("words", "code", "message"),
    [
        (["shirt.png", "shirt.png", "-o", "one.png"], 2, "need a folder"),
        (["shirt.png", "-o", "one.jpg"], 2, "Fix: --output one.png"),
        (["shirt.png", "--method", "magic"], 2, "Unknown method 'magic'"),
        (["shirt.png", "--class", "Shrt"], 2, "Did you mean 'Shirt'"),
        (["shirt.png", "--method", "cam"], 4, "hires-cam"),
    ],
)
@pytest.mark.usefixtures("shirt")
def test_the_commands_mistakes_leave_no_file(
    run: Run, capsys: pytest.CaptureFixture[str], words: list[str], code: int, message: str
) -> None:
    assert main(["explain", str(run.path / "model.tellapart"), *words, "-q"]) == code
    assert message in capsys.readouterr().err
    assert [path.name for path in Path.cwd().iterdir()] == ["shirt.png"]


@pytest.mark.parametrize(("side", "method"), [(64, "occlusion"), (72, "cam")])
def test_large_pictures_are_explained_by_a_layer_where_there_is_one(side: int, method: str) -> None:
    spec = ImageSpec(height=side, width=side)
    network = build_network("compact-resnet", spec, 2)
    runtime = KerasRuntime(network, "probabilities")
    explainer = Explainer(runtime.probabilities, ("a", "b"), spec, network, "probabilities")
    pixels = np.random.default_rng(0).integers(0, 256, spec.shape).astype(np.uint8)
    found = explainer.explain("noise", pixels, open_shown(pixels, "noise"), check=False)
    assert found.method == method
