"""environment.yml, pyproject.toml och constraints.txt säger samma sak."""

import importlib.metadata
import re
import tomllib
from pathlib import Path

import pytest
import yaml
from packaging.requirements import Requirement
from packaging.specifiers import SpecifierSet
from packaging.version import Version

REPO = Path(__file__).resolve().parents[1]
CUSTOMERS_PACKAGES = ["torch", "gymnasium", "numpy", "jupyter", "nbval", "matplotlib", "pytest"]

PROJECT = tomllib.loads((REPO / "pyproject.toml").read_text(encoding="utf-8"))["project"]
ENVIRONMENT = yaml.safe_load((REPO / "environment.yml").read_text(encoding="utf-8"))
CONDA_PART = [line for line in ENVIRONMENT["dependencies"] if isinstance(line, str)]
[PIP_PART] = [line["pip"] for line in ENVIRONMENT["dependencies"] if isinstance(line, dict)]


def name_of(requirement: str) -> str:
    return re.sub(r"[-_.]+", "-", Requirement(requirement).name).lower()


def pinned() -> dict[str, list[Requirement]]:
    lines = (REPO / "constraints.txt").read_text(encoding="utf-8").splitlines()
    pins: dict[str, list[Requirement]] = {}
    for line in lines:
        if line and not line.startswith("#"):
            pins.setdefault(name_of(line), []).append(Requirement(line))
    return pins


def declared() -> list[str]:
    extras = PROJECT["optional-dependencies"].values()
    everything = [*PROJECT["dependencies"], *(line for extra in extras for line in extra)]
    return [line for line in everything if name_of(line) != PROJECT["name"]]


def test_conda_gives_only_python_and_pip():
    assert set(ENVIRONMENT) == {"name", "channels", "dependencies"}
    assert ENVIRONMENT["channels"] == ["conda-forge", "nodefaults"]
    assert [re.split("[=<> ]", line)[0] for line in CONDA_PART] == ["python", "pip"]


def test_condas_python_is_one_the_course_accepts():
    version = CONDA_PART[0].partition("=")[2]
    assert Version(version) in SpecifierSet(PROJECT["requires-python"])


def test_pip_part_names_the_packages_and_nothing_else():
    *packages, course = PIP_PART[1:]
    assert PIP_PART[0] == "-c constraints.txt"
    assert packages == CUSTOMERS_PACKAGES  # utan versioner: de står i constraints.txt
    extra = re.fullmatch(r"-e \.\[(\w+)\]", course)
    assert extra and extra[1] in PROJECT["optional-dependencies"]


@pytest.mark.parametrize("package", CUSTOMERS_PACKAGES)
def test_every_package_says_what_it_is_for(package):
    text = (REPO / "environment.yml").read_text(encoding="utf-8")
    assert re.search(rf"^ +- {package}  # \w+", text, re.MULTILINE)


def test_customers_packages_are_declared_for_students():
    for_students = PROJECT["dependencies"] + PROJECT["optional-dependencies"]["kurs"]
    assert set(CUSTOMERS_PACKAGES) <= set(map(name_of, for_students))


@pytest.mark.parametrize("requirement", declared())
def test_pins_satisfy_the_ranges(requirement):
    pins = pinned().get(name_of(requirement))
    assert pins, "saknas i constraints.txt"
    for pin in pins:
        [specifier] = pin.specifier
        assert specifier.operator == "=="
        assert Version(specifier.version) in Requirement(requirement).specifier


def test_everything_is_pinned_exactly():
    for pins in pinned().values():
        assert all(re.fullmatch(r"==[^*]+", str(pin.specifier)) for pin in pins)


def test_exactly_one_pin_applies_here():
    """Flera rader för ett paket är rätt bara om villkoren utesluter varandra."""
    for name, pins in pinned().items():
        applies = [pin for pin in pins if pin.marker is None or pin.marker.evaluate()]
        assert len(applies) <= 1, name


@pytest.mark.parametrize("package", CUSTOMERS_PACKAGES)
def test_tests_run_with_the_pinned_versions(package):
    applies = [pin for pin in pinned()[package] if pin.marker is None or pin.marker.evaluate()]
    assert Version(importlib.metadata.version(package)) in applies[0].specifier
