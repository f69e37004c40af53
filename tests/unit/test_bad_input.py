"""Bad input ends in exit code 2 and a message that people can read and act on: no traceback, no hang."""

from __future__ import annotations

import os
import resource
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import pytest

import evac.cli
from evac.cli import run_guarded
from evac.cli.common import console
from evac.errors import Problem, ScenarioError, UserError
from evac.plans.reading import load_plan
from evac.report.settings import load_settings
from evac.scenario import load_scenario

TOWN = Path(__file__).parents[1] / "fixtures" / "town"
SCENARIO = (TOWN / "scenario.yaml").read_text()


@pytest.fixture
def town(tmp_path: Path) -> Path:
    return Path(shutil.copytree(TOWN, tmp_path / "town"))


def _said(folder: Path, text: str | bytes) -> str:
    (folder / "scenario.yaml").write_bytes(text.encode() if isinstance(text, str) else text)
    with pytest.raises(ScenarioError) as caught:
        load_scenario(folder)
    return str(caught.value)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("name: !!timestamp abc\n", "YAML tag 'tag:yaml.org,2002:timestamp'"),
        ("name: !!python/object/apply:os.system [ls]\n", "uses the YAML tag"),
        ("name: !!int abc\n", "uses the YAML tag"),
        ("[" * 2_000, "nested deeper than 30 levels"),
        ("{a: " * 2_000, "nested deeper than 30 levels"),
        ("a: &a [1]\nb: *a\n", "uses the YAML alias '*a'"),
        ("? [a]\n: b\n", "unhashable key"),
        ("name: a\x00b\n", "has a control character (U+0000)"),
        ("name: a\r\nb: \x07\n", "scenario.yaml:2: has a control character (U+0007)"),
        (b"name: \xff\xfe\n", "isn't UTF-8 text"),
        (SCENARIO + "<<: {name: other}\n", "unknown key '<<'"),
    ],
)
def test_what_yaml_can_do_and_a_scenario_needs_not_is_refused_with_its_line(
    town: Path, text: str | bytes, words: str
) -> None:
    assert words in _said(town, text)


@pytest.mark.parametrize("name", ["2026-13-45", "2026-11-28", "1:30", "0x", "0b2", "1_000", "yes", "060411234001"])
def test_words_that_look_like_dates_times_and_codes_are_words(town: Path, name: str) -> None:
    (town / "scenario.yaml").write_text(SCENARIO.replace("name: Test town", f"name: {name}"))
    assert load_scenario(town).model.name == name


@pytest.mark.parametrize(
    ("line", "words"),
    [
        (
            "simulation: {end_h: 4:30}",
            ["'simulation.end_h': expected a number, found '4:30'", "try: write it in hours"],
        ),
        ("simulation: {end_h: 90 min}", ["found '90 min'", "try: write the number alone, in hours, such as 90"]),
        (
            "simulation: {end_h: 4}\nforbidden_exits: [{name: A, because: no, point: {lat: '-105.1', lon: 39.5}}]",
            ["lat", "swap 'lat' and 'lon'"],
        ),
        ("simulation: {end_h: '1,5'}", ["found '1,5'", "try: write 1.5, with a point"]),
        ("simulation: {end_h: .nan}", ["expected a number that isn't infinite", "found nan"]),
        (
            "report: ../x",
            ["'report': isn't written in the form that is expected here, found '../x'", "letters, digits"],
        ),
        ("seeds: [1e400]", ["'seeds.0'"]),
        ("seeds: [7, true]", ["'seeds.1': 'true' and 'false' are neither numbers nor text"]),
        ("simulation: {end_h: true}", ["'simulation.end_h': 'true' and 'false' are", "that isn't over by then"]),
        (
            "background: {through: [{from: West, to: East, veh_per_h: true}]}",
            ["'background.through.0.veh_per_h': 'true'"],
        ),
        ("seeds: [99999999999999999999999]", ["'seeds.0'"]),
        ("seeds: []", ["'seeds': expected 1 or more entries"]),
        ("seeds: 7", ["'seeds': expected a list, found 7"]),
        ("driver: fast", ["'driver': expected keys and values, found 'fast'"]),
        ("bottlenecks: [{name: a, way: 1.0e+40}]", ["is a larger number than any that fits here, found 1e+40"]),
        ("departures: [{name: a, curve: {p90_min: 60}}]", ["the key 'departures.0.curve.form' is missing"]),
        ("departures: [{name: a, curve: 60}]", ["'departures.0.curve': expected keys and values, found 60"]),
    ],
)
def test_a_value_that_is_none_is_explained(town: Path, line: str, words: list[str]) -> None:
    text = SCENARIO.replace("simulation: {end_h: 4}", line)
    said = _said(town, text)
    assert all(item in said for item in words), said
    assert "^[" not in said  # no regular expression


def test_files_that_are_none_are_told_as_what_they_are(town: Path) -> None:
    zones = town / "zones.geojson"
    zones.unlink()
    assert "there is no file" in _said(town, SCENARIO)
    zones.mkdir()
    assert "zones.geojson is a folder, expected a file" in _said(town, SCENARIO)
    zones.rmdir()
    os.mkfifo(zones)
    assert "zones.geojson is no file but a device or a pipe" in _said(town, SCENARIO)
    zones.unlink()
    zones.symlink_to(zones)
    assert "is a link to a file that isn't there" in _said(town, SCENARIO)
    assert "there is no file" in _said(town, SCENARIO.replace("zones.geojson", "z" * 5_000))
    assert "there is no file" in _said(town, SCENARIO.replace("zones.geojson", '"a\\0b"'))
    shutil.rmtree(town)
    os.mkfifo(town)
    with pytest.raises(ScenarioError, match="is no file but a device or a pipe"):
        load_scenario(town)


def test_a_message_fits_on_a_screen_and_cannot_steer_the_terminal() -> None:
    many = UserError([Problem("a\x1b[2J", "b\nc\u202e\ud800" + "x" * 5_000, "d") for _ in range(100)])
    lines = str(many).splitlines()
    assert len(lines) <= 30
    assert lines[-1] == "and 86 more problems like these"
    assert all(line.isprintable() and len(line) < 1_300 for line in lines)
    assert lines[0].startswith("a\ufffd[2J: b c\ufffd\ufffdxxx")


@pytest.mark.parametrize("name", ["", "../../x", "a/b", "..", "x" * 300])
def test_a_plan_is_looked_for_in_its_folder_only(name: str) -> None:
    with pytest.raises(ScenarioError, match=r"known plans in .*plans: baseline, empty, waves"):
        load_plan(name, TOWN / "plans")


def test_a_plan_that_is_none_hides_no_other(town: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (town / "plans" / "bad.yaml").write_text("name: [\n")
    (town / "plans" / "worse.yaml").write_text("name: a\nactions: 3\n")
    assert run_guarded(["plan", "list", str(town)]) == 2
    shown = capsys.readouterr()
    assert "waves" in shown.out
    assert "bad.yaml:2: isn't valid YAML" in shown.err
    assert "worse.yaml:2: 'actions'" in shown.err


@pytest.mark.parametrize(
    "words", ["{plan:>99999999999}", "{plan!r}", "{plan.__class__}", "{plan[0]}", "{0}", "{", "{}"]
)
def test_words_have_the_places_of_their_text_and_no_forms(town: Path, words: str) -> None:
    (town / "report.yaml").write_text(f"words:\n  '{{low}} to {{high}}': '{words.replace('plan', 'low')}'\n")
    with pytest.raises(ScenarioError, match="braces that aren't places"):
        load_settings(town)


def test_a_measured_curve_is_read_before_any_work(
    town: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (town / "curve.csv").write_text("minute,left\n0,0\n10,0.6\n20,0.5\n30,1\n")
    curve = "departures: [{name: drill, curve: {form: measured, file: curve.csv}}]\n"
    (town / "scenario.yaml").write_text(SCENARIO + curve)
    work = tmp_path / "work"
    assert run_guarded(["check", str(town), "--workspace", str(work)]) == 2
    assert "curve.csv, line 4: 'left' falls from 0.6 to 0.5" in capsys.readouterr().err
    assert not work.exists()


@pytest.mark.parametrize("argument", ["\x1b[2J", "town\n", "\udc80"])
def test_an_argument_cannot_steer_the_terminal(argument: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert run_guarded(["check", "town", argument]) == 2
    said = capsys.readouterr().err
    assert "has control characters" in said
    assert argument not in said


def test_a_switch_is_true_or_false(town: Path) -> None:
    text = "name: a\nactions:\n- {do: close, exit: West, accept_cut_off: true, with: {cones: 3}}\n"
    (town / "plans" / "a.yaml").write_text(text)
    assert load_plan("a", town / "plans").actions[0].action.accept_cut_off is True
    (town / "plans" / "a.yaml").write_text(text.replace("cones: 3", "cones: true"))
    with pytest.raises(ScenarioError, match=r"'actions.0.with.cones': 'true' and 'false' are neither"):
        load_plan("a", town / "plans")


def test_what_a_report_looks_like_is_read_before_any_work(
    town: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (town / "report.yaml").write_text("title: 7\nunits: furlongs\n")
    assert run_guarded(["run", str(town), "--workspace", str(tmp_path / "work")]) == 2
    assert "report.yaml:2: 'units'" in capsys.readouterr().err
    assert not (tmp_path / "work").exists()


def test_what_nobody_has_foreseen_ends_in_a_line(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def fail(_: object) -> None:
        raise RuntimeError("boom\x1b")

    monkeypatch.setattr(evac.cli, "app", fail)
    assert run_guarded(["run"]) == 1
    said = capsys.readouterr().err
    assert "RuntimeError: boom\ufffd\n    try: the same command with --debug" in said
    assert "Traceback" not in said
    assert run_guarded(["run", "--debug"]) == 1
    assert "Traceback" in capsys.readouterr().err


EVAC = [sys.executable, "-c", "from evac.cli import main; main()"]


def test_a_disk_that_is_full_is_told_and_nothing_half_written_stays(town: Path, tmp_path: Path) -> None:
    def full() -> None:
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        resource.setrlimit(resource.RLIMIT_FSIZE, (1_000, 1_000))

    work = tmp_path / "work"
    ended = subprocess.run(
        [*EVAC, "check", str(town), "--workspace", str(work)],
        preexec_fn=full,
        capture_output=True,
        text=True,
        check=False,
    )
    assert ended.returncode == 2, ended.stderr
    assert "File too large" in ended.stderr
    assert "Traceback" not in ended.stderr
    assert not [path for path in work.rglob("*") if path.is_file()]


def test_a_workspace_that_cannot_be_written_is_told(town: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = town / "file"
    file.write_text("")
    assert run_guarded(["check", str(town), "--workspace", str(file)]) == 2
    said = capsys.readouterr().err
    assert str(file) in said
    assert "try: " in said


def test_a_reader_that_goes_away_ends_it_without_a_word(town: Path) -> None:
    command = f"{sys.executable} -c 'from evac.cli import main; main()' plan list {town} | true"
    ended = subprocess.run(["bash", "-c", command], capture_output=True, text=True, check=False)
    assert ended.stderr == ""


@pytest.mark.parametrize("command", [["run"], ["report"], ["ablate", "waves"], ["stress", "waves"], ["watch"]])
@pytest.mark.parametrize("seed", ["-1", "2147483648", "1.5", "nan"])
def test_a_seed_that_sumo_cannot_take_is_refused(
    command: list[str], seed: str, capsys: pytest.CaptureFixture[str]
) -> None:
    name, *plans = command
    assert run_guarded([name, str(TOWN), *plans, "--seed", seed]) == 2
    assert "--seed" in capsys.readouterr().err


@pytest.mark.parametrize("days", ["-1", "nan", "inf", "1e308", "soon"])
def test_an_age_that_no_cache_has_is_refused(days: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run_guarded(["clean", "--older-than", days, "--workspace", str(tmp_path)]) == 2
    assert "--older-than" in capsys.readouterr().err


def test_a_key_of_the_map_is_shown_as_it_is_written() -> None:
    with console.capture() as captured:
        console.print("lanes:bus:conditional=1 @ (Mo-Fr 07:00-09:00)", highlight=False, soft_wrap=True)
    assert captured.get() == "lanes:bus:conditional=1 @ (Mo-Fr 07:00-09:00)\n"
