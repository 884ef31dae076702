"""Keys of files that are exchanged while federations run: what is sealed from then on, and what was before."""

from pathlib import Path
from secrets import token_hex

import numpy as np

from tests.server.federation.hosting import Hosting
from tests.server.federation.policies import policy
from tests.server.federation.test_sealing import headers
from tests.server.secrets.looking import look

MODEL = np.arange(1000, dtype="<f4")


async def test_new_files_are_sealed_with_the_newest_key_at_once_and_old_ones_still_open(
    hosting: Hosting, tmp_path: Path
) -> None:
    old, new, file = f"old:{token_hex(32)}", f"new:{token_hex(32)}", tmp_path / "keys"
    file.write_text(old)
    host = await hosting(federation_keys=f"@{file}")
    before = await host.operator.federation("before", MODEL, policy(2))
    file.write_text(f"{new},{old}")
    await look(host.running)
    after = await host.operator.federation("after", MODEL, policy(2))
    assert [headers(host.live(name).folder.path) for name in ("before", "after")] == [{b"old"}, {b"new"}]
    for federation in (before, after):
        assert await federation.download((await federation.get()).model) == MODEL.tobytes()
