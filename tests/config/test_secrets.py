"""Secrets: by reference, never shown, never weak, made where they are missing."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from config.load import load_site
from config.secrets import create_missing

from .conftest import SITE, Edit, found, loaded

ANNA = "agents/anna.yaml"
REFERENCE = "${file:secrets/anna}"
STRONG = "Zq7-mWx2_Lk9vRt4pHs8nYc3"


def test_a_secret_comes_from_a_file_without_its_line_end(site: Path) -> None:
    (site / "secrets/anna").write_text(STRONG + "\r\n")
    assert load_site(site).agents["anna"].password.get_secret_value() == STRONG


def test_a_secret_comes_from_the_environment(site: Path, edit: Edit, monkeypatch: pytest.MonkeyPatch) -> None:
    edit(ANNA, REFERENCE, "${env:PZ_ANNA}")
    assert found() == [f"{ANNA}:5:11 E223"]
    assert "PZ_ANNA" in loaded().problems[0].message
    monkeypatch.setenv("PZ_ANNA", STRONG)
    assert load_site(site).agents["anna"].password.get_secret_value() == STRONG


def test_a_secret_may_lie_anywhere_by_an_absolute_path(site: Path, edit: Edit, tmp_path: Path) -> None:
    path = tmp_path / "elsewhere"
    path.write_text(STRONG)
    path.chmod(0o400)
    edit(ANNA, REFERENCE, f"${{file:{path}}}")
    assert load_site(site).agents["anna"].password.get_secret_value() == STRONG


@pytest.mark.parametrize(
    "reference", ["${vault:anna}", "${file:}", "${env:A}x", "${file:secrets/anna", "${}", "${env:${env:A}}"]
)
def test_a_reference_that_is_none_is_refused(site: Path, edit: Edit, reference: str) -> None:
    edit(ANNA, REFERENCE, f'"{reference}"')
    assert found() == [f"{ANNA}:5:11 E222"]


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o660, 0o644])
def test_a_secret_that_others_can_read_is_refused_with_the_mend(site: Path, mode: int) -> None:
    (site / "secrets/anna").chmod(mode)
    (problem,) = loaded().problems
    assert (problem.code, problem.hint) == ("E225", "chmod 600 site/secrets/anna")


def test_a_missing_an_empty_a_huge_and_a_binary_file_are_refused(site: Path) -> None:
    path = site / "secrets/anna"
    for content in (b"", b"\n", b"x" * 600, b"\xff\xfe"):
        path.write_bytes(content)
        assert found() == [f"{ANNA}:5:11 E224"]
    path.unlink()
    assert found() == [f"{ANNA}:5:11 E224"]
    path.mkdir()
    assert found() == [f"{ANNA}:5:11 E224"]


@pytest.mark.parametrize("extra", [";x", ' "', "\\", "é", " b"])
def test_a_secret_that_cannot_be_carried_is_refused(site: Path, extra: str) -> None:
    (site / "secrets/anna").write_text(STRONG + extra)
    assert found() == [f"{ANNA}:5:11 E226"]


@pytest.mark.parametrize(
    "secret",
    ["changeme", "password", "1234", "changeme12345678", "Password!2026!!", "anna", "101", "aaaaaaaaaaaaaaaa",
     "12345678901234", "short-Zq7-m", "abababababababab", "QWERTY123456789"],
)  # fmt: skip
def test_a_weak_secret_is_an_error_that_never_shows_it(site: Path, secret: str) -> None:
    (site / "secrets/anna").write_text(secret)
    problems = loaded().problems
    assert [p.code for p in problems] == ["E431"]
    told = str(problems[0]).removeprefix(f"site/{ANNA}")
    assert secret not in told.replace("its name", "") or secret in ("anna", "101", "password")


def test_a_plain_secret_is_a_warning_that_never_shows_it(site: Path, edit: Edit) -> None:
    edit(ANNA, REFERENCE, STRONG)
    assert found() == [f"{ANNA}:5:11 W502"]
    assert STRONG not in str(loaded().problems)


def test_a_plain_secret_of_digits_is_told_to_be_quoted_without_being_shown(site: Path, edit: Edit) -> None:
    edit(ANNA, REFERENCE, "98127634509812")
    (problem,) = loaded().problems
    assert (problem.code, problem.hint) == ("E204", "quote it")
    assert "98127634509812" not in str(problem)


def test_one_secret_in_two_places_is_a_warning(site: Path, edit: Edit) -> None:
    edit("agents/boris.yaml", "secrets/boris", "secrets/anna")
    assert found() == ["agents/boris.yaml:5:11 W514"]


def test_a_carriers_password_may_be_short_but_not_a_default(site: Path, edit: Edit) -> None:
    edit("trunks/city.yaml", "port: 5070", "port: 5070\nusername: pz\npassword: ${env:PZ_CITY}")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PZ_CITY", "x7Kq2m")
        assert found() == ["trunks/city.yaml:9:11 W516"]
        patch.setenv("PZ_CITY", "changeme")
        assert found() == ["trunks/city.yaml:9:11 E431"]


def test_the_sites_own_text_never_shows_a_secret(site: Path) -> None:
    (site / "secrets/anna").write_text(STRONG)
    loaded_site = load_site(site)
    assert STRONG not in repr(loaded_site)
    assert STRONG not in loaded_site.model_dump_json()


def test_missing_secrets_are_made_random_and_private_and_only_once(tmp_path: Path) -> None:
    folder = tmp_path / "site"
    shutil.copytree(SITE, folder, ignore=shutil.ignore_patterns("secrets"))
    made = create_missing(folder)
    values = [path.read_text().strip() for path in made]
    assert len(made) == len(set(values)) == 10
    assert all(len(value) >= 24 for value in values)
    assert all(path.stat().st_mode & 0o777 == 0o600 for path in made)
    assert (folder / "secrets").stat().st_mode & 0o777 == 0o700
    assert create_missing(folder) == []
    assert [path.read_text().strip() for path in made] == values


def test_secrets_are_made_only_inside_the_site_and_never_for_a_trunk(
    site: Path, edit: Edit, tmp_path: Path
) -> None:
    edit(ANNA, "secrets/anna", "../outside")
    edit("agents/boris.yaml", "secrets/boris", f"{tmp_path}/absolute")
    edit("trunks/city.yaml", "port: 5070", "port: 5070\nusername: pz\npassword: ${file:secrets/city}")
    assert create_missing(site) == []
    assert not (tmp_path / "outside").exists()
    assert not (tmp_path / "absolute").exists()
    assert not (site / "secrets/city").exists()
