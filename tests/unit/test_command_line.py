"""A command line that cannot be understood ends in one sentence, in both programs."""

from __future__ import annotations

import io
import sys

import pytest

import sorter.cli
import training.cli


def refuse(
    program: str,
    arguments: str,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> tuple[object, str]:
    main = {"sorter": sorter.cli.main, "sorter-train": training.cli.main}[program]
    monkeypatch.setattr(sys, "argv", [program, *arguments.split()])
    with pytest.raises(SystemExit) as end:
        main()
    heard = capsys.readouterr()
    assert heard.out == ""
    return end.value.code, heard.err


@pytest.mark.parametrize(
    ("program", "arguments", "sentence"),
    [
        ("sorter-train", "runn photos", "no such command 'runn'"),
        ("sorter-train", "run", "missing argument 'PHOTOS'; see: sorter-train run --help"),
        ("sorter-train", "fit photos", "missing option '--out'"),
        ("sorter-train", "run photos --out x --bogus", "no such option: --bogus"),
        ("sorter-train", "run photos --out x --mixup 9", "invalid value for '--mixup'"),
        ("sorter-train", "run photos --out x --seed many", "invalid value for '--seed'"),
        ("sorter-train", "audit one two", "extra argument"),
        ("sorter", "grade a.sorter", "missing argument 'PHOTO...'; see: sorter grade --help"),
        ("sorter", "demo --items x", "invalid value for '--items'"),
        ("sorter", "board tes", "no such command 'tes'"),
    ],
)
def test_a_mistyped_command_ends_in_one_sentence(
    program: str,
    arguments: str,
    sentence: str,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    code, err = refuse(program, arguments, monkeypatch, capsys)
    assert code == 2
    assert err.startswith(f"{program}: ")
    assert err.count("\n") == 1
    assert sentence in err
    assert " --help\n" in err


@pytest.mark.parametrize("program", ["sorter", "sorter-train"])
def test_a_program_called_alone_shows_its_help(
    program: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    code, err = refuse(program, "", monkeypatch, capsys)
    assert code == 2
    assert "Commands:" in err


@pytest.mark.parametrize("answer", ["n\n", ""])
def test_a_question_that_is_not_agreed_to_ends_in_one_sentence(
    answer: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(sys, "argv", ["sorter", "board", "test", "0", "--port", "virtual"])
    monkeypatch.setattr(sys, "stdin", io.StringIO(answer))
    with pytest.raises(SystemExit) as end:
        sorter.cli.main()
    assert end.value.code == 1
    assert (
        capsys.readouterr()
        .err.splitlines()[-1]
        .endswith("sorter: nobody has agreed, so nothing was done")
    )
