from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from sorter.config_file import load_config

ROOT = Path(__file__).parents[2]
DEPLOY = ROOT / "deploy"
SHIPPED = (
    "etc/sorter/sorter.yaml",
    "etc/systemd/system/sorter.service",
    "etc/udev/rules.d/99-sorter.rules",
)


def tool(name: str, package: str, *, ci_has_it: bool = True) -> str:
    """Path of a program; without it the test is skipped with a loud line, or fails in CI."""
    path = shutil.which(name)
    if path is None:
        sentence = f"{name} IS MISSING: install the Debian package {package}"
        if ci_has_it and os.environ.get("CI") == "true":
            pytest.fail(sentence)
        pytest.skip(sentence)
    return path


def unit() -> dict[str, list[str]]:
    values: dict[str, list[str]] = {}
    for line in (DEPLOY / "sorter.service").read_text().splitlines():
        key, equals, value = line.partition("=")
        if equals and not line.startswith("#"):
            values.setdefault(key, []).append(value)
    return values


def test_systemd_accepts_the_unit(tmp_path: Path) -> None:
    # verify wants the program to be there; it is in /opt/sorter only once it is installed.
    here = (DEPLOY / "sorter.service").read_text().replace("/opt/sorter/bin/sorter", sys.executable)
    copy = tmp_path / "sorter.service"
    copy.write_text(here)

    done = subprocess.run(
        [tool("systemd-analyze", "systemd"), "verify", str(copy)],
        capture_output=True,
        text=True,
        check=False,
    )

    assert sys.executable in here
    assert (done.returncode, done.stderr) == (0, "")


def test_the_unit_runs_the_installed_command_with_the_installed_config() -> None:
    assert unit()["ExecStart"] == ["/opt/sorter/bin/sorter run --config /etc/sorter/sorter.yaml"]


def test_the_unit_is_supervised_and_has_few_rights() -> None:
    found = unit()

    assert found["Type"] == ["notify"]
    assert float(found["WatchdogSec"][0]) > 5
    assert found["Restart"] == ["on-failure"]
    assert found["User"] == ["sorter"]
    assert found["SupplementaryGroups"] == ["video dialout"]
    assert found["StateDirectory"] == ["sorter"]
    assert found["NoNewPrivileges"] == ["yes"]


def test_the_example_config_is_valid_and_lives_where_the_service_may_write() -> None:
    config = load_config(DEPLOY / "sorter.yaml")

    assert config.records.path.is_relative_to("/var/lib/sorter")
    assert config.model.path.is_relative_to("/var/lib/sorter")
    assert f'SYMLINK+="{Path(config.board.port).name}"' in (DEPLOY / "99-sorter.rules").read_text()


def test_the_udev_rules_are_well_formed_and_know_the_usual_boards() -> None:
    text = (DEPLOY / "99-sorter.rules").read_text()
    rules = [line for line in text.splitlines() if line and not line.startswith("#")]
    term = r'[A-Z]+(\{[A-Za-z_]+\})?(==|!=|\+=|=)"[^"]*"'

    assert all(re.fullmatch(rf"{term}(, {term})*", rule) for rule in rules)
    named = [rule for rule in rules if "SYMLINK" in rule]
    for vendor, product in (("2341", "0043"), ("1a86", "7523"), ("0403", "6001")):
        assert any(vendor in rule and product in rule for rule in named)
    assert all('ENV{ID_MM_DEVICE_IGNORE}="1"' in rule for rule in named)


# --- install.sh --------------------------------------------------------------------------------


def install(
    *arguments: str, environment: dict[str, str] | None = None, user: int | None = None
) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        ["bash", str(DEPLOY / "install.sh"), *arguments],
        capture_output=True,
        text=True,
        check=False,
        env=os.environ | (environment or {}),
        user=user,
    )


@pytest.fixture
def try_out(tmp_path: Path) -> dict[str, str]:
    """An environment that installs below a folder, with a python3 whose venv costs nothing."""
    tools = tmp_path / "tools"
    tools.mkdir()
    fake = tools / "python3"
    fake.write_text(
        '#!/bin/sh\n[ "$1" = -c ] && exit 0\n'
        'mkdir -p "$3/bin" && printf "#!/bin/sh\\n" > "$3/bin/pip" && chmod +x "$3/bin/pip"\n'
    )
    fake.chmod(0o755)
    return {"DESTDIR": str(tmp_path / "root"), "PATH": f"{tools}:{os.environ['PATH']}"}


def test_a_dry_run_prints_the_steps_and_does_nothing(try_out: dict[str, str]) -> None:
    done = install("--dry-run", environment=try_out)

    assert done.returncode == 0, done.stderr
    assert "python3 -m venv" in done.stdout
    assert not Path(try_out["DESTDIR"]).exists()


def test_a_dry_run_of_the_real_thing_names_user_unit_and_rules() -> None:
    done = install("--dry-run")

    assert done.returncode == 0, done.stderr
    for step in (
        "+ usermod --append --groups video,dialout sorter",
        "+ /opt/sorter/bin/pip install",
        "/etc/systemd/system/sorter.service",
        "+ systemctl daemon-reload",
        "+ udevadm control --reload",
    ):
        assert step in done.stdout


def test_installing_twice_keeps_the_operators_config(try_out: dict[str, str]) -> None:
    first = install(environment=try_out)
    root = Path(try_out["DESTDIR"])
    assert first.returncode == 0, first.stderr
    assert all((root / name).is_file() for name in SHIPPED)
    (root / SHIPPED[0]).write_text("mine")
    (root / SHIPPED[1]).write_text("of an older version")

    second = install(environment=try_out)

    assert second.returncode == 0, second.stderr
    assert (root / SHIPPED[0]).read_text() == "mine"
    assert (root / SHIPPED[1]).read_text() == (DEPLOY / "sorter.service").read_text()
    assert "-m venv" in first.stdout
    assert "-m venv" not in second.stdout


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["--wheel", "/none.whl"], "/none.whl: there is no such wheel"),
        (["--wheel"], "--wheel needs a file"),
        (["--fast"], "unknown option --fast"),
    ],
)
def test_wrong_options_end_in_a_sentence(arguments: list[str], sentence: str) -> None:
    done = install(*arguments)

    assert done.returncode == 1
    assert f"install.sh: {sentence}" in done.stderr


def test_installing_needs_root(tmp_path: Path) -> None:
    nobody = 65534
    if os.geteuid() != 0:
        done = install()
    else:
        script = shutil.copytree(DEPLOY, tmp_path / "deploy") / "install.sh"
        for folder in (tmp_path, *tmp_path.parents[:2]):
            folder.chmod(0o755)
        done = subprocess.run(
            ["bash", str(script)], capture_output=True, text=True, check=False, user=nobody
        )

    assert done.returncode == 1
    assert "needs root" in done.stderr


def test_the_installer_is_clean_to_shellcheck() -> None:
    done = subprocess.run(
        [tool("shellcheck", "shellcheck", ci_has_it=False), str(DEPLOY / "install.sh")],
        capture_output=True,
        text=True,
        check=False,
    )

    assert done.returncode == 0, done.stdout
