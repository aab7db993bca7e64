"""What the tests share: real servers, the two programs as processes, and waiting by condition."""
