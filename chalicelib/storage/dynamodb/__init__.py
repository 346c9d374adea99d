"""How we speak to DynamoDB: client, tries, batches, transactions; nothing of what is kept."""
