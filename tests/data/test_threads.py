"""Work by all processors: in order, and without threads within threads."""

from threadpoolctl import threadpool_info

from tellapart.data.threads import side_by_side


def products() -> set[int]:
    return {info["num_threads"] for info in threadpool_info() if info["user_api"] == "blas"}


def test_answers_come_in_order_and_products_keep_to_their_thread() -> None:
    before = products()
    found = list(side_by_side(lambda number: (number, products()), range(20)))
    assert [number for number, _ in found] == list(range(20))
    assert set.union(*(threads for _, threads in found)) <= {1}
    assert products() == before
