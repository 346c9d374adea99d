"""Client, retries, batches and transactions of DynamoDB, for any item."""
