"""Resultaten som JUnit XML, för den som vill läsa dem i ett byggsystem."""

from xml.etree import ElementTree as ET

from dqn_helpers.autograder.result import (
    ClassResult,
    ExerciseResult,
    PartResult,
    SubmissionResult,
    decision_texts,
)
from dqn_helpers.teacher.report.words import clean, file_name, one_line

_NOT_CHECKED = ("unreadable", "error")


def junit_xml(results: ClassResult) -> str:
    """En testsvit per inlämning och ett testfall per beteende."""
    suites = [_suite(submission) for submission in results.submissions]
    root = ET.Element("testsuites", {"name": "Rättning"} | _counts(suites))
    root.extend(suites)
    ET.indent(root)
    return f'<?xml version="1.0" encoding="UTF-8"?>\n{ET.tostring(root, encoding="unicode")}\n'


def _suite(submission: SubmissionResult) -> ET.Element:
    file = file_name(submission)
    suite = ET.Element("testsuite", name=file)
    if submission.status in _NOT_CHECKED:
        case = ET.SubElement(suite, "testcase", classname=file, name="filen", time="0")
        _add(case, "error", submission.status, submission.message)
    for exercise in submission.exercises:
        if exercise.status == "manual":
            continue  # inget som koden har prövat
        for part in exercise.parts or [PartResult("övningen", exercise.max_points, False)]:
            suite.append(_case(file, exercise, part))
    cases = len(suite)
    suite.attrib |= {
        "tests": str(cases),
        "failures": str(len(suite.findall("*/failure"))),
        "errors": str(len(suite.findall("*/error"))),
        "skipped": "0",
        "time": "0",
    }
    return suite


def _case(file: str, exercise: ExerciseResult, part: PartResult) -> ET.Element:
    name = one_line(f"{exercise.id} {exercise.name}: {part.name}", 300)
    texts = (*decision_texts(exercise), *exercise.texts)
    case = ET.Element("testcase", classname=file, name=name, time="0")
    if exercise.status == "internal":
        _add(case, "error", "internal", f"Manuell granskning. {part.whole_message()}")
    elif not part.passed:
        _add(case, "failure", exercise.status, "\n".join((part.whole_message(), *texts)))
    return case


def _add(case: ET.Element, tag: str, kind: str, text: str) -> None:
    shown = clean(text, 4_000).strip()
    element = ET.SubElement(case, tag, message=one_line(shown, 200), type=kind)
    element.text = shown


def _counts(suites: list[ET.Element]) -> dict[str, str]:
    keys = ("tests", "failures", "errors", "skipped")
    return {key: str(sum(int(suite.attrib[key]) for suite in suites)) for key in keys}
