"""What each event changes of a view; `core.view` asks here."""

from lis_tui.core.folds import files, run, steps, turns
from lis_tui.core.folds.changing import Folds

FOLDS = Folds(run.folds, turns.folds, steps.folds, files.folds).by_kind
"""By kind of event. What is not here (a fragment of another version) changes nothing that is shown."""
