"""Many runs: corpora, designs, the store, comparison, gates."""
