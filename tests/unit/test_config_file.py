from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sorter.config import SorterConfig
from sorter.config_allowed import keys_at
from sorter.config_file import ConfigError, load_config, read_config

OUTLETS = """\
outlets:
  - {name: premium, channel: 0, at_mm: 420, grades: [2L, L]}
  - {name: recheck, default: true}
"""


def write(folder: Path, text: str) -> Path:
    path = folder / "sorter.yaml"
    path.write_text(text)
    return path


def complaints(folder: Path, text: str) -> list[str]:
    with pytest.raises(ConfigError) as caught:
        load_config(write(folder, text))
    lines = str(caught.value).splitlines()
    prefix = f"{folder}/sorter.yaml"
    assert all(line.startswith(prefix) for line in lines)
    return [line.removeprefix(prefix).removeprefix(":") for line in lines]


def test_a_valid_file_becomes_a_config(tmp_path: Path) -> None:
    config = load_config(write(tmp_path, "camera: {fps: 30}\nmodel: {path: /a.sorter}\n" + OUTLETS))

    assert config.camera.fps == 30
    assert config.model.path == Path("/a.sorter")
    assert config.outlets[0].grades == ["2L", "L"]
    assert config.default_outlet.name == "recheck"


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        (
            "camera: {fsp: 60}\n",
            "1: camera.fsp: unknown key (value 60); did you mean fps?; allowed here: source, ",
        ),
        ("kamera: {}\n", "1: kamera: unknown key (value a section); did you mean camera?"),
        ("camera:\n  fps: 900\n", "2: camera.fps: found 900; allowed: a number from 0.1 to 240"),
        ("camera: {width: '640'}\n", "1: camera.width: found '640'; allowed: a whole number from"),
        ("camera: {fps: yes}\n", "1: camera.fps: found true; allowed: a number from 0.1"),
        (
            "belt: {mm_per_tick: 1.0e-9}\n",
            "1: belt.mm_per_tick: found 1e-09; allowed: a number from 0.001 to 20",
        ),
        (
            "camera: {mm_per_px: 1.0e-9}\n",
            "1: camera.mm_per_px: found 1e-09; allowed: a number from 0.001 to 10",
        ),
        (
            "belt: {length_mm: 0}\n",
            "1: belt.length_mm: found 0; allowed: a number above 0 and up to",
        ),
        ("belt: {mm_per_tick: .nan}\n", "1: belt.mm_per_tick: found nan; allowed: a number"),
        (
            "camera:\n\n  source: usb\n",
            "3: camera.source: found 'usb'; allowed: one of v4l2, picamera2",
        ),
        ("board:\n", "1: board: found nothing; allowed: a section with the keys port, baud"),
        (
            'camera:\n  source: picamera2\n  device: "²"\n',
            "3: camera.device: has to be the number of the camera, as in \"0\"; found '²'",
        ),
        (
            'camera:\n  source: rtsp\n  device: "rtsp://me:se[cret@10.0.0.2/s"\n',
            "3: camera.device: found 'rtsp://10.0.0.2/s'; allowed: rtsp://user:password@address",
        ),
        (
            'camera: {devise: "rtsp://me:secret@10.0.0.2/s"}\n',
            "1: camera.devise: unknown key (value 'rtsp://10.0.0.2/s'); did you mean device?",
        ),
        ("machine: {name: 7}\n", "1: machine.name: found 7; allowed: text of 1 to 64 characters"),
    ],
)
def test_an_error_names_line_key_value_and_what_is_allowed(
    tmp_path: Path, text: str, complaint: str
) -> None:
    (found,) = complaints(tmp_path, text + OUTLETS)

    assert found.startswith(complaint)


def test_a_grade_that_yaml_reads_as_something_else_is_told_to_be_quoted(tmp_path: Path) -> None:
    text = OUTLETS.replace("2L, L", "2L, 1, no")

    found = complaints(tmp_path, text)

    assert [line.partition(";")[0] for line in found] == [
        "2: outlets[0].grades[1]: found 1",
        "2: outlets[0].grades[2]: found false",
    ]
    assert all(line.endswith("put it in quotes") for line in found)


def test_every_error_is_reported_in_the_order_of_the_lines(tmp_path: Path) -> None:
    text = "camera:\n  fps: 0\n  width: 1\nbelt: {length_mm: -1}\n" + OUTLETS

    found = complaints(tmp_path, text)

    assert [line.split(":")[:2] for line in found] == [
        ["2", " camera.fps"],
        ["3", " camera.width"],
        ["4", " belt.length_mm"],
    ]


def test_a_key_given_twice_is_an_error(tmp_path: Path) -> None:
    (found,) = complaints(tmp_path, "camera:\n  fps: 30\n  fps: 60\n" + OUTLETS)

    assert found == "3: camera.fps: is given twice (first on line 2); remove one"


def test_missing_outlets_say_what_belongs_there(tmp_path: Path) -> None:
    (found,) = complaints(tmp_path, "machine: {name: x}\n")

    assert found.startswith("1: outlets: is missing; allowed: a list [...] of at least 1 of a")


@pytest.mark.parametrize(
    ("old", "new", "complaint"),
    [
        (", default: true", "", "3: outlets[1]: needs channel and at_mm"),
        (
            "default: true",
            "default: true, at_mm: 9",
            "3: outlets[1]: the default outlet is the end",
        ),
        ("grades: [2L, L]", "grades: []", "2: outlets[0]: takes no grades"),
        ("420", "2000", "2: outlets[0].at_mm: premium at 2000 mm lies beyond the end of the belt"),
        ("recheck", "premium", "3: outlets[1].name: the name premium is given twice"),
        ("[2L, L]", "[L, L]", "2: outlets[0].grades[1]: the lane 0 grade L is given twice"),
        (
            "channel: 0, at_mm: 420, grades: [2L, L]",
            "default: true",
            "1: outlets: exactly one outlet has to be the default",
        ),
    ],
)
def test_outlets_that_do_not_fit_are_named(
    tmp_path: Path, old: str, new: str, complaint: str
) -> None:
    found = complaints(tmp_path, OUTLETS.replace(old, new, 1))

    assert found[0].startswith(complaint)


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("", " is empty"),
        ("camera: [1, 2\n", "2: not valid YAML: "),
        ("camera: {a: 1}}\n", "1: not valid YAML: "),
        ("\tcamera: 1\n", "1: not valid YAML: "),
        ("camera: !!python/object:os.system x\n", "1: not valid YAML: "),
        ("machine: {name: 2024-13-45}\n", "1: not valid YAML: "),
        ("machine: {name: \x07}\n", " not valid YAML: "),
        ("a: 1\n---\nb: 2\n", "2: not valid YAML: "),
        ("just words\n", "1: found 'just words'; allowed: a section with the keys machine"),
        ("[1]: x\n", "1: a key has to be plain text"),
        ("[" * 5000, " nested too deeply"),
        ("a: &a [*a]\n", "1: too large or nested too deeply"),
        (
            "a: &a [x,x,x,x,x,x,x,x,x]\n"
            + "".join(
                f"{k}: &{k} [{','.join([f'*{j}'] * 9)}]\n"
                for j, k in zip("abcdef", "bcdefg", strict=True)
            ),
            "1: too large or nested too deeply",
        ),
        ("#" * 300_000, " larger than 256 KiB"),
    ],
)
def test_what_is_no_config_at_all_ends_in_one_sentence(
    tmp_path: Path, text: str, complaint: str
) -> None:
    (found,) = complaints(tmp_path, text)

    assert found.startswith(complaint)


def test_a_file_that_is_not_text_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "sorter.yaml"
    path.write_bytes(b"machine:\n  name: \xff\xfe")

    with pytest.raises(ConfigError, match=r"sorter\.yaml:2: not UTF-8 text"):
        load_config(path)


def test_a_missing_file_and_a_folder_are_refused(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="there is no such file; give one with --config"):
        load_config(tmp_path / "none.yaml")
    with pytest.raises(ConfigError, match="cannot be read"):
        load_config(tmp_path)


def test_a_later_problem_finds_its_line(tmp_path: Path) -> None:
    file = read_config(write(tmp_path, "\n" + OUTLETS))

    assert file.problem(("outlets", 0, "grades", 1), "no").line == 3
    assert file.problem(("model", "path"), "no").line == 2


@given(st.text(max_size=200))
def test_any_text_is_a_config_or_a_config_error(
    tmp_path_factory: pytest.TempPathFactory, text: str
) -> None:
    path = tmp_path_factory.getbasetemp() / "fuzz.yaml"
    path.write_text(text, encoding="utf-8", errors="surrogatepass")
    try:
        assert isinstance(load_config(path), SorterConfig)
    except ConfigError as error:
        assert str(error).startswith(str(path))


def test_every_key_is_explained_in_the_docs() -> None:
    docs = (Path(__file__).parents[2] / "docs" / "configuration.md").read_text()
    sections = keys_at(())
    keys = [f"{section}.{key}" for section in sections for key in keys_at((section,))]
    keys += [f"outlets[].{key}" for key in keys_at(("outlets", 0))]

    assert [key for key in keys if f"| `{key}` |" not in docs] == []


def outlet(**keys: object) -> str:
    """A config whose premium outlet has more keys, on line 2."""
    more = "".join(f", {key}: {value}" for key, value in keys.items())
    return (
        "outlets:\n"
        f"  - {{name: premium, channel: 0, at_mm: 420, grades: [A]{more}}}\n"
        "  - {name: second, channel: 1, at_mm: 620, grades: [A, B]}\n"
        "  - {name: end, default: true}\n"
    )


def test_limits_may_be_a_pair_or_one_sided(tmp_path: Path) -> None:
    text = outlet(length_mm="[190, 220]", bend_mm="{max: 15}")
    premium = load_config(write(tmp_path, text)).outlets[0]
    assert premium.length_mm is not None and premium.bend_mm is not None
    assert (premium.length_mm.min, premium.length_mm.max) == (190, 220)
    assert (premium.bend_mm.min, premium.bend_mm.max) == (None, 15)


@pytest.mark.parametrize(
    ("keys", "complaint"),
    [
        ({"length_mm": "[220, 190]"}, "2: outlets[0].length_mm: from 220 to 190 there is nothing"),
        ({"length_mm": "{}"}, "2: outlets[0].length_mm: limits nothing; give [low, high]"),
        ({"length_mm": "[1, 2, 3]"}, "2: outlets[0].length_mm: found [1, 2, 3]; allowed: a list"),
        ({"length_mm": "long"}, "2: outlets[0].length_mm: found 'long'; allowed: a list"),
        ({"bend_mm": "{most: 15}"}, "2: outlets[0].bend_mm.most: unknown key (value 15)"),
        ({"bend_mm": "[0, x]"}, "2: outlets[0].bend_mm.max: found 'x'; allowed: "),
        ({"every": 1}, "2: outlets[0].every: found 1; allowed: a whole number from 2"),
        ({"quota": 0}, "2: outlets[0].quota: found 0; allowed: a whole number from 1"),
        ({"opening_ms": -1}, "2: outlets[0].opening_ms: found -1; allowed: a number from 0 to 500"),
    ],
)
def test_a_wrong_rule_of_an_outlet_is_an_error_at_its_line(
    tmp_path: Path, keys: dict[str, object], complaint: str
) -> None:
    (found,) = complaints(tmp_path, outlet(**keys))
    assert found.startswith(complaint)


@pytest.mark.parametrize(
    "rule", [{"length_mm": "[190, 220]"}, {"every": 10}, {"quota": 100}], ids=str
)
def test_a_grade_may_be_named_again_where_an_outlet_leaves_some_of_it(
    tmp_path: Path, rule: dict[str, object]
) -> None:
    assert len(load_config(write(tmp_path, outlet(**rule))).outlets) == 3


def test_a_grade_that_an_outlet_takes_whole_is_left_for_no_other(tmp_path: Path) -> None:
    (found,) = complaints(tmp_path, outlet())
    assert found.startswith("3: outlets[1].grades[0]: the lane 0 grade A is given twice")


def test_the_default_outlet_has_no_rules(tmp_path: Path) -> None:
    text = outlet(every=10).replace("default: true", "default: true, quota: 5")
    (found,) = complaints(tmp_path, text)
    assert "the default outlet takes everything" in found


def test_nine_outlets_are_more_than_a_board_can_open(tmp_path: Path) -> None:
    rows = [f"  - {{name: o{k}, channel: {k % 8}, at_mm: 400, grades: [g{k}]}}" for k in range(9)]
    found = complaints(
        tmp_path, "\n".join(["outlets:", *rows, "  - {name: end, default: true}", ""])
    )
    assert any("a board has 8 channels, too few for 9 outlets" in line for line in found)


def test_a_beam_beyond_the_belt_is_an_error(tmp_path: Path) -> None:
    text = "board: {passed_beam: {at_mm: 1500}}\n" + OUTLETS
    (found,) = complaints(tmp_path, text)
    assert found.startswith("1: board.passed_beam.at_mm: lies beyond the end of the belt")


def test_an_address_in_a_list_is_not_shown_with_its_password(tmp_path: Path) -> None:
    text = "camera: {device: ['rtsp://user:secret@host/belt']}\n" + OUTLETS
    (found,) = complaints(tmp_path, text)
    assert "secret" not in found
