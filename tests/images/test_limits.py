"""What one picture may cost: pixels, bytes and time; and nothing global is touched for it."""

import os
import sys
import threading
import time
import warnings
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest
from PIL import Image, ImageFile

from tellapart.errors import ImageError
from tellapart.images.decode import decode, decode_picture, read_file
from tellapart.images.limits import Limits
from tellapart.images.opening import check_reader
from tellapart.sections import ImageSpec

sys.path.insert(0, str(Path(__file__).parent))
from corpus import CORPUS, SCENE
from craft import encode, with_scans

SPEC = ImageSpec(height=36, width=48, channels=3)


def nothing(module: str) -> None:
    """Find no module, as on a Pillow without it."""
    assert module.startswith("PIL.")


def refusal(content: bytes, limits: Limits) -> ImageError:
    with pytest.raises(ImageError) as caught:
        decode(content, SPEC, "bomb.jpg", limits=limits)
    assert caught.value.name == "bomb.jpg"
    return caught.value


def test_a_jpeg_of_endless_scans_is_given_up_in_time() -> None:
    flat = encode(Image.new("L", (3000, 3000), 90), "JPEG", progressive=True)
    began = time.thread_time()
    error = refusal(with_scans(flat, 20_000), Limits(seconds=0.3))
    assert (error.reason, error.detail) == ("too-slow", "decoding must take at most 0.3 s.")
    assert time.thread_time() - began < 3


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "GIF", "BMP", "PPM", "TIFF"])
def test_every_reader_that_is_fed_in_pieces_looks_at_the_clock(kind: str) -> None:
    assert refusal(encode(SCENE, kind), Limits(seconds=-1)).reason == "too-slow"


def test_a_count_of_frames_is_never_taken() -> None:
    began = time.thread_time()
    decode(CORPUS["gif, 100,000 frames"].content, SPEC)
    assert time.thread_time() - began < 0.5


def test_a_limit_of_pixels_holds_for_files_and_for_opened_pictures() -> None:
    tight = Limits(pixels=48 * 36 - 1)
    assert refusal(encode(SCENE, "PNG"), tight).reason == "too-large"
    with pytest.raises(ImageError, match="48×36 is more than 1,727 pixels"):
        decode_picture(Image.fromarray(SCENE), SPEC, limits=tight)
    assert decode(encode(SCENE, "PNG"), SPEC, limits=Limits(pixels=48 * 36)).repairs == ()


def test_a_file_of_too_many_bytes_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "long.png"
    path.write_bytes(encode(SCENE, "PNG") + bytes(100_000))
    with pytest.raises(ImageError, match="more than 50,000 bytes") as caught:
        read_file(path, SPEC, limits=Limits(size_bytes=50_000))
    assert (caught.value.reason, caught.value.name) == ("too-large", str(path))


def test_what_is_no_picture_is_not_read_to_its_end() -> None:
    if not Path("/dev/zero").exists():
        pytest.skip("this system has no endless file")
    with pytest.raises(ImageError) as caught:
        read_file(Path("/dev/zero"), SPEC)
    assert caught.value.reason == "unknown-format"


def test_a_picture_may_come_through_a_pipe(tmp_path: Path) -> None:
    path = tmp_path / "pipe"
    os.mkfifo(path)
    writer = threading.Thread(target=path.write_bytes, args=(encode(SCENE, "PNG"),))
    writer.start()
    assert np.array_equal(read_file(path, SPEC).pixels, SCENE)
    writer.join()


@pytest.mark.parametrize("kind", ["AVIF", "WebP"])
def test_a_decoder_that_this_pillow_lacks_is_named_with_the_fix(kind: str) -> None:
    with pytest.raises(ImageError) as caught:
        check_reader(kind, f"cat.{kind.lower()}", find=nothing)
    assert caught.value.reason == "unsupported"
    assert caught.value.detail.startswith(f"{kind} needs Pillow 11.3 or newer with {kind} built in")
    assert caught.value.detail.endswith("Fix: pip install --upgrade 'pillow>=11.3'")
    check_reader("PNG", "cat.png", find=nothing)


def test_threads_come_to_what_one_thread_comes_to_and_leave_no_trace() -> None:
    def outcome(name: str) -> object:
        try:
            return decode(CORPUS[name].content, SPEC).pixels.tobytes()
        except ImageError as error:
            return error.reason

    state = (Image.MAX_IMAGE_PIXELS, ImageFile.LOAD_TRUNCATED_IMAGES, list(warnings.filters))
    alone = [outcome(name) for name in CORPUS]
    with ThreadPoolExecutor(8) as threads:
        together = list(threads.map(outcome, [*CORPUS] * 3))
    assert together == alone * 3
    assert state == (
        Image.MAX_IMAGE_PIXELS,
        ImageFile.LOAD_TRUNCATED_IMAGES,
        list(warnings.filters),
    )
