"""The Chalice app: it only registers the routes and the event Lambdas."""

from chalice.app import Chalice

from chalicelib.entrypoints.change_stream import change_stream
from chalicelib.entrypoints.cleanup_schedule import cleanup_schedule
from chalicelib.entrypoints.counter_stream import counter_stream
from chalicelib.entrypoints.http import register_routes
from chalicelib.entrypoints.job_queues import job_queues
from chalicelib.entrypoints.webhook_sender import webhook_sender

app = Chalice(app_name="phonebook", configure_logs=False)
# Files that the console takes. API Gateway would take them for UTF-8 otherwise.
app.api.binary_types = [*app.api.binary_types, "multipart/form-data"]
register_routes(app)
app.register_blueprint(counter_stream)
app.register_blueprint(change_stream)
app.register_blueprint(cleanup_schedule)
app.register_blueprint(job_queues)
app.register_blueprint(webhook_sender)
