"""The door for desktops: `docs/architecture.md`, "The staff API"."""
