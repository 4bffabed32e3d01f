from pathlib import Path

from lis_tui.ui.actions import key_table

README = Path(__file__).parent.parent.parent / "README.md"


def test_the_keys_in_the_readme_are_printed_from_the_table_of_actions() -> None:
    text = README.read_text(encoding="utf-8")
    between = text.split("table of actions -->")[1].split("<!-- end of keys")[0]
    assert between.strip() == key_table().strip()


def test_every_picture_and_page_that_the_readme_names_is_there() -> None:
    text = README.read_text(encoding="utf-8")
    links = [part.split(")")[0] for part in text.split("](")[1:]]
    missing = [link for link in links if "://" not in link and not (README.parent / link).exists()]
    assert links
    assert missing == []
