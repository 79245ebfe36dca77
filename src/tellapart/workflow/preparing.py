"""The data of a run: kept together where they belong together, split, and by way of the cache."""

from tellapart.data.cache import usual_cache
from tellapart.data.dataset import Dataset
from tellapart.data.duplicates import cluster_samples
from tellapart.data.prepare import Prepared, prepare
from tellapart.progress import Progress
from tellapart.recipe import Recipe


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
