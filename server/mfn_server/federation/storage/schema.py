"""The tables of a federation's journal, and of the record of the requests that created federations.

Rows are stored as they are, also where payloads are sealed: they hold names, keys that are public, digests, norms and
metrics, never an update or a model.
"""

from mfn_server.federation.storage.database import Schema

JOURNAL = Schema(
    application_id=0x4D464E4A,
    version=1,
    statements="""
    CREATE TABLE meta(key TEXT PRIMARY KEY, value BLOB NOT NULL) STRICT, WITHOUT ROWID;
    CREATE TABLE events(sequence INTEGER PRIMARY KEY, event BLOB NOT NULL) STRICT;
    CREATE TABLE snapshot(one INTEGER PRIMARY KEY CHECK (one = 1), state BLOB NOT NULL) STRICT;
    CREATE TABLE rounds(round INTEGER PRIMARY KEY, message BLOB NOT NULL) STRICT;
    CREATE TABLE models(
        version INTEGER PRIMARY KEY, sha256 BLOB NOT NULL, size_bytes INTEGER NOT NULL, message BLOB NOT NULL
    ) STRICT;
    CREATE TABLE participants(
        name TEXT PRIMARY KEY, uid TEXT NOT NULL, public_key BLOB NOT NULL UNIQUE, message BLOB NOT NULL
    ) STRICT, WITHOUT ROWID;
    CREATE TABLE verdicts(
        round INTEGER NOT NULL, participant TEXT NOT NULL, kind INTEGER NOT NULL, message BLOB NOT NULL,
        PRIMARY KEY (round DESC, participant)
    ) STRICT, WITHOUT ROWID;
    CREATE INDEX verdicts_of_participant ON verdicts(participant, round DESC);
    CREATE INDEX verdicts_of_kind ON verdicts(kind, round DESC, participant);
    CREATE TABLE watch(sequence INTEGER PRIMARY KEY, round INTEGER NOT NULL, message BLOB NOT NULL) STRICT;
    CREATE INDEX watch_of_round ON watch(round);
    CREATE TABLE requests(
        request_id TEXT PRIMARY KEY, fingerprint BLOB NOT NULL, response BLOB NOT NULL, at REAL NOT NULL
    ) STRICT, WITHOUT ROWID;
    """,
)

CREATIONS = Schema(
    application_id=0x4D464E43,
    version=1,
    statements="""
    CREATE TABLE creations(
        request_id TEXT PRIMARY KEY, fingerprint BLOB NOT NULL, response BLOB NOT NULL, at REAL NOT NULL,
        federation_id TEXT NOT NULL, uid TEXT NOT NULL, finished INTEGER NOT NULL
    ) STRICT, WITHOUT ROWID;
    """,
    shared=True,
)
