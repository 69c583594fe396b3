"""The GitHub client: transport, rate limits, queries, reads, writes, the snapshot."""
