"""Many runs: corpora of recordings with what was said in them, and what is measured over them."""
