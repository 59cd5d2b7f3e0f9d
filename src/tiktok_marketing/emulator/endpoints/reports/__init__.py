"""`/report/integrated/get/`: which queries TikTok accepts, and the rows that it answers with."""
