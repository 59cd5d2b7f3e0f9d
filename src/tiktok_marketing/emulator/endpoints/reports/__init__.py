"""`/report/integrated/get/`: the queries that TikTok accepts, and the rows of its answers."""
