from lis_tui.core.events import FileEntry
from lis_tui.ui.listing import below, listing


def test_the_newest_file_is_one_that_the_step_changed_and_that_a_person_looks_for() -> None:
    entries = [
        FileEntry("total.txt", mtime_s=30.0),
        FileEntry("parts/p7.csv", mtime_s=10.0),
        FileEntry(".git/HEAD", mtime_s=20.0),
        FileEntry(".git", kind="folder", mtime_s=40.0),
    ]
    assert (
        listing(entries, {"parts/p7.csv": "changed", ".git/HEAD": "new"}, below(None)).newest
        == "parts/p7.csv"
    )
    assert listing(entries, {".git/HEAD": "new"}, below(None)).newest == ".git/HEAD"
    assert listing(entries, {}, below(None)).newest == "total.txt"
    assert listing([], {}, below(None)).newest is None


def test_an_artefact_is_shown_before_other_files_but_not_before_what_the_step_changed() -> None:
    entries = [
        FileEntry("output/a.png", mtime_s=1),
        FileEntry("answer.txt", mtime_s=9),
        FileEntry("b.py", mtime_s=8),
    ]
    assert listing(entries, {}, below(None)).newest == "output/a.png"
    assert listing(entries, {"b.py": "changed"}, below(None)).newest == "b.py"
    assert listing(entries, {"b.py": "changed", "output/a.png": "new"}, below(None)).newest == "output/a.png"
