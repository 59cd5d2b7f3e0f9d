"""How many pages of 1,000 full ad rows the warm emulator answers per second, to show that it is not the slow side.

python benchmarks/emulator_speed.py
"""

from __future__ import annotations

import http.client
import time
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from urllib.parse import urlencode, urlsplit

from harness import Figure, emulator, leave, machine, options
from read_ads import query_of

PAGES = 8
ROUNDS = 15
LEAST_PER_SECOND = 300
CONNECTIONS = 4
"""Each answer takes the emulator's latency, as at TikTok, so that one connection alone would measure little else."""


def main() -> None:
    """Ask for the same few pages over and over, on a few connections, and print how many arrive per second."""
    arguments = options(__doc__).parse_args()
    today = datetime.now(UTC).date()
    with emulator("--advertisers", "1", "--days", "60", "--ads-per-account", "8000") as ready:
        where = urlsplit(ready["url"])
        connections = [http.client.HTTPConnection(where.hostname or "", where.port or 80) for _ in range(CONNECTIONS)]
        query = query_of(ready["advertiser_ids"][0], today - timedelta(days=30), today - timedelta(days=1))
        size = 0

        def ask(page: int, connection: http.client.HTTPConnection = connections[0]) -> int:
            path = f"/open_api/v1.3/report/integrated/get/?{urlencode({**query, 'page': page})}"
            connection.request("GET", path, headers={"Access-Token": ready["access_token"]})
            return len(connection.getresponse().read())

        began = time.perf_counter()
        size = sum(ask(page) for page in range(1, PAGES + 1)) // PAGES
        cold = (time.perf_counter() - began) / PAGES

        def ask_again(connection: http.client.HTTPConnection) -> None:
            for _ in range(ROUNDS):
                for page in range(1, PAGES + 1):
                    ask(page, connection)

        began = time.perf_counter()
        with ThreadPoolExecutor(CONNECTIONS) as threads:
            list(threads.map(ask_again, connections))
        warm = CONNECTIONS * ROUNDS * PAGES / (time.perf_counter() - began)
    found = f"cold {cold * 1000:.0f} ms each, warm {warm:.0f} per second"
    print(f"{machine()}; pages of 1,000 rows, {size / 1e6:.1f} MB: {found}")
    what = "the emulator, once warm: pages of 1,000 full ad rows per second"
    leave(
        [
            Figure(
                what=what,
                value=warm,
                least=LEAST_PER_SECOND,
                remark=f"{size / 1e6:.1f} MB each; cold {cold * 1000:.0f} ms",
            )
        ],
        arguments.json,
    )


if __name__ == "__main__":
    main()
