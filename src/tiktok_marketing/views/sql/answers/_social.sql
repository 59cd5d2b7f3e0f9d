r.likes, r.comments, r.shares, r.follows
