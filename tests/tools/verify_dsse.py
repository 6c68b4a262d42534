#!/usr/bin/env python3
"""Opens the envelope of a bundle with other people's code: securesystemslib (DSSE, of the in-toto project), and the
in-toto attestation library (statement and predicate). `verify.py BUNDLE PUBLIC-KEY`"""

import hashlib
import json
import pathlib
import sys

from cryptography.hazmat.primitives.serialization import load_pem_public_key
from google.protobuf import json_format
from in_toto_attestation.predicates.test_result.v0.test_result_pb2 import TestResult
from in_toto_attestation.v1.statement import Statement
from in_toto_attestation.v1.statement_pb2 import Statement as StatementMessage
from securesystemslib.dsse import Envelope
from securesystemslib.signer import SSlibKey

bundle, key_file = pathlib.Path(sys.argv[1]), pathlib.Path(sys.argv[2])
envelope = Envelope.from_dict(json.loads((bundle / "statement.dsse.json").read_text()))
public = load_pem_public_key(key_file.read_bytes())
# The bundle's key id is the SHA-256 of the key; this library makes key ids of its own.
(key_id,) = envelope.signatures
envelope.verify([SSlibKey.from_crypto(public, keyid=key_id)], threshold=1)

statement = json_format.Parse(envelope.payload, StatementMessage())
Statement.copy_from_pb(statement).validate()
assert statement.predicate_type == "https://in-toto.io/attestation/test-result/v0.1", statement.predicate_type
predicate = json_format.ParseDict(json_format.MessageToDict(statement.predicate), TestResult())
assert predicate.result == "PASSED" and predicate.passed_tests, predicate
for subject in statement.subject:
    file = bundle / subject.name
    assert hashlib.sha256(file.read_bytes()).hexdigest() == subject.digest["sha256"], subject.name
print(f"{envelope.payload_type}: {len(statement.subject)} subjects, {len(predicate.passed_tests)} tests passed")
