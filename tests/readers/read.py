"""Reads a report with somebody else's reader: read.py junit|openmetrics FILE...

Prints what it found, a line each; ends with 1 where a file is not what it says.
"""

import sys
from pathlib import Path

HERE = Path(__file__).parent


def junit(file):
    import xmlschema

    schema = xmlschema.XMLSchema10(str(HERE / "junit-10.xsd"))
    errors = [f"{error.path}: {error.reason}" for error in schema.iter_errors(str(file))]
    if errors:
        sys.exit("\n".join(errors))
    root = schema.to_dict(str(file))
    for suite in root["testsuite"]:
        print(suite["@name"], suite["@tests"], suite["@failures"], suite["@errors"])


def openmetrics(file):
    from prometheus_client.openmetrics.parser import text_string_to_metric_families

    for family in text_string_to_metric_families(file.read_text()):
        for sample in family.samples:
            print(family.type, sample.name, dict(sample.labels), sample.value)


READERS = {"junit": junit, "openmetrics": openmetrics}
for name in sys.argv[2:]:
    READERS[sys.argv[1]](Path(name))
