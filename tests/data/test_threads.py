"""Work by all processors: in order, and without threads within threads."""

from contextlib import ExitStack

from threadpoolctl import threadpool_info

from tellapart.data.threads import one_product_at_once, side_by_side


def products() -> set[int]:
    """Return how many threads NumPy's products have; SciPy brings a library of its own."""
    libraries = [info for info in threadpool_info() if info["user_api"] == "blas"]
    return {info["num_threads"] for info in libraries if "numpy" in info["filepath"]}


def test_answers_come_in_order_and_products_keep_to_their_thread() -> None:
    before = products()
    found = list(side_by_side(lambda number: (number, products()), range(20)))
    assert [number for number, _ in found] == list(range(20))
    assert set.union(*(threads for _, threads in found)) <= {1}
    assert products() == before


def test_products_keep_to_one_thread_until_the_last_who_wants_it_is_done() -> None:
    before = products()
    first, second = ExitStack(), ExitStack()
    first.enter_context(one_product_at_once())
    second.enter_context(one_product_at_once())
    first.close()
    assert products() == {1}
    second.close()
    assert products() == before
