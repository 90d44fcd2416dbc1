"""The command line as a user meets it: real processes, real files, exit codes."""

import json
import subprocess
import sys
from pathlib import Path

import pytest


def postroad(*words, env=None, cwd=None):
    command = [sys.executable, "-c", "from postroad.face.cli import main; main()", *map(str, words)]
    base = {"PATH": "/usr/bin:/bin", "HOME": str(Path.home()), "COLUMNS": "140", "LANG": "C.UTF-8"}
    return subprocess.run(command, check=False, capture_output=True, text=True, cwd=cwd, env={**base, **(env or {})})


def test_run_checks_scores_and_writes_everything(tmp_path):
    done = postroad("-l", "zh", "run", "jilin", "--out", tmp_path, "--as-of", "2026-11-24")
    assert done.returncode == 0, done.stderr
    assert "极可能未完成" in done.stdout
    names = {path.name for path in tmp_path.iterdir()}
    assert names == {"jilin.json", "jilin-zh.html", "jilin-en.html", "jilin-zh.xlsx", "jilin-en.xlsx"}
    assert json.loads((tmp_path / "jilin.json").read_text("utf-8"))["summary"] == {"met": 1, "missed": 1, "unknown": 34}


def test_score_prints_one_json_document(tmp_path):
    done = postroad("score", "jilin", "--json", "--as-of", "2023-06-30")
    assert done.returncode == 0
    assert json.loads(done.stdout)["as_of"] == "2023-06-30"


def test_check_says_a_clean_pack_is_clean():
    done = postroad("check", "jilin")
    assert done.returncode == 0
    assert "no fault" in done.stdout


def test_check_lists_all_faults_and_sets_rows_aside(tmp_path):
    pack = tmp_path / "pack"
    assert postroad("convert", "jilin", pack).returncode == 0
    file = next(pack.glob("places.*"))
    assert file.suffix == ".csv"
    lines = file.read_text("utf-8").splitlines()
    row = next(n for n, line in enumerate(lines) if ",county," in line)
    lines[row] = lines[row].replace(",county,", ",kounty,", 1)
    file.write_text("\n".join(lines) + "\n", "utf-8")
    done = postroad("check", pack, "--json", "--quarantine", tmp_path / "aside")
    assert done.returncode == 2
    faults = json.loads(done.stdout)["faults"]
    assert any(f["value"] == "kounty" and f["nearest"] == "county" and f["row"] == row for f in faults)
    assert list((tmp_path / "aside").iterdir())


@pytest.mark.parametrize(
    "words",
    [
        ["check", "nowhere"],
        ["score", "atlantis"],
        ["score", "jilin", "--as-of", "yesterday"],
        ["score", "jilin", "--as-of", "1980-01-01"],
        ["score", "jilin", "--plan", "nowhere.toml"],
        ["figures", "nowhere.txt"],
        ["convert", "nowhere", "x"],
        ["nonsense"],
    ],
)
@pytest.mark.parametrize("language", ["zh", "en"])
def test_what_a_user_gets_wrong_ends_with_two_and_a_sentence(words, language, tmp_path):
    done = postroad("-l", language, *words, cwd=tmp_path)
    assert done.returncode == 2, done.stderr
    assert done.stderr.strip()
    assert "Traceback" not in done.stderr
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    "words",
    [["run", "jilin", "--out", "taken"], ["score", "jilin", "--html", "taken/x.html"], ["template", "taken/x.xlsx"],
     ["score", "jilin", "--xlsx", "taken/x.xlsx"]],
)  # fmt: skip
def test_a_place_that_cannot_be_written_is_told_and_nothing_is_left(words, tmp_path):
    (tmp_path / "taken").write_text("mine", "utf-8")
    done = postroad(*words, cwd=tmp_path)
    assert done.returncode == 2, done.stderr
    assert "Traceback" not in done.stderr
    assert "taken" in done.stderr
    assert [path.name for path in tmp_path.iterdir()] == ["taken"]
    assert (tmp_path / "taken").read_text("utf-8") == "mine"


def test_a_command_of_two_words_may_be_written_apart():
    apart, joined = postroad("travel", "build", "--help"), postroad("travel-build", "--help")
    assert apart.returncode == 0
    assert apart.stdout == joined.stdout


def test_a_statistic_from_the_future_is_a_fault_of_the_pack(tmp_path):
    assert postroad("convert", "jilin", tmp_path / "pack").returncode == 0
    file = tmp_path / "pack" / "statistics.csv"
    rows = file.read_text("utf-8-sig").splitlines()
    at = rows[0].split(",").index("known_on")
    cells = rows[-1].split(",")
    rows[-1] = ",".join([*cells[:at], "2999-01-01", *cells[at + 1 :]])
    file.write_text("\n".join(rows) + "\n", "utf-8")
    done = postroad("check", tmp_path / "pack")
    assert done.returncode == 2
    assert "2999-01-01" in done.stdout


def test_the_language_may_stand_after_the_command():
    before = postroad("--language", "zh", "describe", "jilin")
    after = postroad("describe", "jilin", "--language", "zh")
    assert after.returncode == 0
    assert after.stdout == before.stdout


def test_an_empty_folder_is_no_pack(tmp_path):
    done = postroad("run", tmp_path, "--out", tmp_path / "out")
    assert done.returncode == 2
    assert not (tmp_path / "out").exists()


def test_a_pack_of_ones_own_with_a_missing_table_is_refused(tmp_path):
    pack = tmp_path / "pack"
    postroad("convert", "jilin", pack)
    next(pack.glob("places.*")).unlink()
    done = postroad("run", pack, "--out", tmp_path / "out")
    assert done.returncode == 2
    assert "places" in done.stderr
    assert not (tmp_path / "out").exists()


def test_figures_of_a_text(tmp_path):
    text = tmp_path / "plan.txt"
    text.write_text("“十四五”规划。（一）现状。2020年快递业务量447亿件，是“十二五”末的5倍，年均增长3797％。", "utf-8")
    done = postroad("figures", text, "--json")
    figures = {f["printed"]: f for f in json.loads(done.stdout)["figures"]}
    assert figures["3797%"]["chosen"] == 37.97
    shown = postroad("-l", "zh", "figures", text, "--plan", "jilin")
    assert shown.returncode == 0
    assert "37.97" in shown.stdout


def test_template_describe_and_version(tmp_path):
    assert postroad("template", tmp_path / "empty.xlsx").returncode == 0
    assert (tmp_path / "empty.xlsx").stat().st_size > 5_000
    assert json.loads(postroad("describe", "jilin", "--json").stdout)["name"] == "jilin"
    assert postroad("--version").stdout.strip() == "0.1.0"


def test_help_does_not_load_the_heavy_rooms():
    probe = "import sys; sys.argv=['postroad','--help']\nfrom postroad.face.cli import main\n"
    probe += "try: main()\nexcept SystemExit: pass\n"
    probe += "print([m for m in ('polars','numba','scipy','duckdb') if m in sys.modules])"
    done = subprocess.run([sys.executable, "-c", probe], check=True, capture_output=True, text=True)
    assert done.stdout.strip().endswith("[]")
