"""The page of the campaigns, whose parts are written one by one."""

from endurance.page import HEAD, NOT_YET, PAGE, TITLES, parts_of, written


def test_a_part_is_replaced_and_the_others_stay() -> None:
    page = written("", "soak", "old hours")
    page = written(page, "attack", "    make attack\n\nattackers\n")
    page = written(page, "soak", "new\n\n| hours |")
    assert parts_of(page) == {
        "fuzz": NOT_YET,
        "attack": "    make attack\n\nattackers",
        "soak": "new\n\n| hours |",
    }
    assert page.startswith(HEAD)
    assert written(page, "soak", "new\n\n| hours |") == page


def test_the_page_is_as_the_campaigns_write_it() -> None:
    page = PAGE.read_text()
    for name in TITLES:
        assert written(page, name, parts_of(page)[name]) == page
