"""The data of a run: kept together where they belong together, split, and by way of the cache."""

from tellapart.data.cache import usual_cache
from tellapart.data.dataset import Dataset
from tellapart.data.duplicates import cluster_samples
from tellapart.data.prepare import Prepared, prepare
from tellapart.files import write_whole
from tellapart.progress import Progress
from tellapart.recipe import Recipe
from tellapart.train.runs import RunFolder, write_skipped


def prepare_data(
    data: Dataset,
    recipe: Recipe,
    progress: Progress,
    *,
    strict: bool = False,
    use_cache: bool = True,
) -> Prepared:
    """Return what a run trains on; it follows from data and recipe alone.

    Args:
        data: Where the samples are.
        recipe: Its sections `data` and `image`, and its seed.
        progress: Where long work shows itself.
        strict: Refuse pictures that cannot be read, instead of skipping them.
        use_cache: Look for decoded pictures in this user's cache, and keep them there.

    Raises:
        DataError: The data cannot be trained on.
    """
    together = recipe.data.near_duplicates == "together"
    return prepare(
        data,
        recipe,
        strict=strict,
        clusters=cluster_samples(data.train, progress) if together else None,
        cache=usual_cache() if use_cache else None,
        progress=progress,
    )


def tell_of_data(found: Prepared, folder: RunFolder, progress: Progress) -> None:
    """Say what a run trains on, and write down what became of each file.

    Raises:
        OutputError: The run's folder cannot be written.
    """
    if not found.source.train.images.keys_are_positions:
        write_whole(folder.ledger_path, found.ledger.to_json())
    if found.skipped:
        write_skipped(folder, found.skipped)
        progress.say(
            f"Pictures that cannot be read and are skipped: {len(found.skipped):,}, listed in "
            f"{folder.skipped_path}. The first: {found.skipped[0]}"
        )
    for repair, count in found.repairs.items():
        progress.say(f"Pictures {repair}: {count:,}.")
    seen = set(found.train.targets.tolist())
    unseen = [name for i, name in enumerate(found.class_names) if i not in seen]
    if unseen:
        progress.say(f"No picture to train on in: {', '.join(unseen)}.")
    same = found.validation is found.test
    progress.say(
        f"{len(found.train):,} images to train on"
        + ("" if same else f", {len(found.validation):,} to validate")
        + f", {len(found.test):,} to test. {found.policy}"
    )
