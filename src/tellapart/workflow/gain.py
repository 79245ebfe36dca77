"""What corrections of labels brought, on test images that nobody corrected."""

from tellapart.files import write_whole
from tellapart.progress import open_progress
from tellapart.train.run_log import RunLog
from tellapart.train.runs import RunFolder
from tellapart.workflow.diff import diff
from tellapart.workflow.runs import Gain, Run

_WITHOUT = "To see what the corrected labels brought: tellapart diff RUN_ON_THE_OLD_LABELS {path}"
_OTHER_RECIPE = (
    "The recipes differ too ({fields}), so the difference is not that of the labels alone."
)


def tell_gain(run: Run, before: Run | None, *, quiet: bool = False) -> None:
    """Write down what corrected labels brought against a run on the old ones: `run.gain`.

    Args:
        run: The run with corrected labels.
        before: The run without; where there is none, the command that compares is told.
        quiet: Tell it in the run's log only.

    Raises:
        BundleError: A run is damaged.
        OutputError: The run's folder cannot be written.
    """
    folder = RunFolder(run.path)
    log = RunLog(open_progress(quiet=quiet), folder.log_path)
    if before is None:
        log.say(_WITHOUT.format(path=run.path))
        return
    found = diff(before, run, trust=before.trust, quiet=quiet)
    fields = ", ".join(one.field for one in found.recipe)
    notes = (_OTHER_RECIPE.format(fields=fields), *found.notes) if fields else found.notes
    gain = Gain(
        against=str(before.path), paired=found.paired, conclusion=found.conclusion, notes=notes
    )
    write_whole(folder.gain_path, gain.model_dump_json(indent=2))
    log.say(str(gain), only_log=True)
