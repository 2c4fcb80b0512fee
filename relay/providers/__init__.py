"""Outside services other than the Messaging API."""
