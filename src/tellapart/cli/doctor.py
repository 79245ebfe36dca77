"""`tellapart doctor`."""

from tellapart.cli import options
from tellapart.cli.console import show, show_json


def doctor(
    model: options.Model,
    trust: options.Trust = False,
    backend: options.Runtime = None,
    json: options.Json = False,
) -> None:
    """Check a bundle from end to end.

    Hashes, shapes and network, and the golden examples asked for again.

    \b
    Example:
      tellapart doctor runs/fashion-mnist-1/model.tellapart
    """
    from tellapart.workflow.predict import doctor as work

    found = work(model, trust=trust, backend=backend)
    if json:
        show_json(found)
        return
    versions = ", ".join(f"{name} {version}" for name, version in found.versions.items())
    show(
        f"{found.path} is sound.\n"
        f"  network   {found.network}, {found.parameters:,} parameters, {found.classes} classes\n"
        f"  trained   on {found.name}, with {versions}\n"
        f"  golden    {found.golden_examples} examples answered as after training by "
        f"{' and '.join(found.runtimes)} (largest difference {found.largest_difference:.1e})"
    )
