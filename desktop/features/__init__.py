"""What staff can do, without Qt, SQL or network: plain classes over the replica and an `ask` handed in."""
